"""Where complaints are handed in while a table is checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.routes.complaints import at, nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from engine.complaint import Complaint
    from engine.routes.node import Node

MOST = 1000
MOST_GUESSES = 20_000  # words compared with words: some 15 us each


class Desk:
    """Collects complaints about one file. The same complaint twice is one (a pipeline is checked once per route)."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.failed = False  # an error was handed in
        self._complaints: dict[Complaint, None] = {}
        self._guesses = MOST_GUESSES

    def error(
        self,
        node: Node,
        code: str,
        says: str,
        hint: str = "",
        *,
        on_key: bool = False,
        sourced: bool = True,
        hidden: bool = False,
    ) -> None:
        """`sourced`: say of a substituted value where it came from; `hidden`: it may be a credential, and is not shown."""
        hint = _with_origin(node, hint) if sourced and not on_key else hint
        self._take(at(node, self.file, code, says, hint, on_key=on_key, hidden=hidden))

    def warn(self, node: Node, code: str, says: str, hint: str = "", *, on_key: bool = False, sourced: bool = True) -> None:
        hint = _with_origin(node, hint) if sourced and not on_key else hint
        self._take(at(node, self.file, code, says, hint, on_key=on_key, severity="warning"))

    def take(self, complaints: Iterable[Complaint]) -> None:
        for complaint in complaints:
            self._take(complaint)

    def nearest(self, word: str, candidates: Collection[str]) -> str:
        """The candidate that was probably meant, or ""."""
        self._guesses -= len(candidates)
        return nearest(word, candidates) if self._guesses >= 0 else ""

    def suggest(self, word: str, candidates: Collection[str], *, list_up_to: int = 12) -> str:
        """A hint for a word that is none of `candidates`: the near one, else all of them when they are few."""
        near = self.nearest(word, candidates)
        if near:
            return f"did you mean `{near}`?"
        if not candidates or len(candidates) > list_up_to:
            return ""
        return "there is " + ", ".join(f"`{name}`" for name in candidates)

    def _take(self, complaint: Complaint) -> None:
        self.failed = self.failed or complaint.severity == "error"
        # Beyond this nobody reads on, and a hostile table must not cost memory.
        if len(self._complaints) < MOST:
            self._complaints[complaint] = None

    @property
    def complaints(self) -> list[Complaint]:
        """In the order of the file."""
        return sorted(self._complaints, key=lambda c: (c.line, c.column, c.code))


def _with_origin(node: Node, hint: str) -> str:
    """The mistake is not in the table then, but where the value was set."""
    if not node.origin:
        return hint
    says = f"the value comes from {node.origin}"
    return f"{says}; {hint}" if hint else says


def shown(node: Node) -> str:
    """A scalar as it may be shown: what came from a variable or a file may be a secret."""
    if node.substituted or not isinstance(node.value, (str, int, float)):
        return "this value"
    text = str(node.value).lower() if isinstance(node.value, bool) else str(node.value)
    return f"`{text}`" if len(text) <= 60 else f"`{text[:57]}...`"
