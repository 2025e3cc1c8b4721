"""A line of the source as shown under a complaint: credentials hidden, trimmed, with a caret that stands right."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from engine.routes.masking import Span, hide, merged, secret_spans
from engine.routes.raw import split_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WIDTH = 100  # columns of a source line that are shown
_LEAD = 40  # columns kept before the caret when a line is trimmed
_REACH = 400  # characters on either side of the caret that are looked at
_TAB = "    "
_HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class Shown:
    """A line ready to be printed, and where its caret stands (both in terminal columns, counted from 0)."""

    text: str
    caret: int
    length: int
    trimmed: bool


class Excerpt:
    """The lines of one source, as written (before substitution)."""

    def __init__(self, text: str, hidden: Iterable[Sequence[int]] = ()) -> None:
        """`hidden` are further pieces that must not be shown: (line, column, length), counted from 1."""
        self.lines = split_lines(text.removeprefix("\ufeff"))
        self._hidden = tuple(hidden)
        self._known: list[list[Span]] | None = None

    @classmethod
    def of(cls, file: str, text: str, hidden: Iterable[Sequence[int]] = ()) -> Excerpt | None:
        """None for a file of which no line may be shown."""
        # Every value of a .env file is a secret, and so may be any line of it that is no `KEY=VALUE`.
        return None if ".env" in re.split(r"[/\\]", file)[-1] else cls(text, hidden)

    def context(self, line: int) -> str:
        """The line above `line` (from 1) when it helps to see where one is; "" when it does not."""
        if line < 2 or line - 1 > len(self.lines):
            return ""
        above = self.lines[line - 2].strip()
        return self.show(line - 1, 1, 1).text if above and not above.startswith("#") else ""

    @property
    def _spans(self) -> list[list[Span]]:
        if self._known is None:
            self._known = secret_spans(self.lines)
            for line, column, length in self._hidden:
                if 0 < line <= len(self.lines):
                    text = self.lines[line - 1]
                    quotes = text[column - 1 : column] in ('"', "'")
                    spans = hide(text, column - 1 + quotes, min(column - 1 + length, len(text)) - quotes)
                    self._known[line - 1] = merged([*self._known[line - 1], *spans])
        return self._known

    def show(self, line: int, column: int, length: int) -> Shown:
        """The line (from 1) with `length` characters from `column` (from 1) pointed at. Raises IndexError for no such line."""
        text, spans, column, cut = _near(self.lines[line - 1], self._spans[line - 1], column)
        cells = _cells(text, spans)
        start, end = _widened(min(column - 1, len(text)), min(column - 1 + max(length, 1), len(text)), spans)
        edges = [0, *accumulate(width for _, width in cells)]
        caret, wide = edges[start], max(edges[max(end, start)] - edges[start], 1)
        return _trim(cells, edges, caret, wide, cut)


def _near(text: str, spans: list[Span], column: int) -> tuple[str, list[Span], int, bool]:
    """Of a very long line the part around the column, so that the work on a line has a bound."""
    low = max(column - 1 - _REACH, 0)
    if low == 0 and len(text) <= 2 * _REACH:
        return text, spans, column, False
    high = low + 2 * _REACH
    inside = [(max(a, low) - low, min(b, high) - low) for a, b in spans if b > low and a < high]
    return text[low:high], inside, column - low, low > 0


def _widened(start: int, end: int, spans: list[Span]) -> tuple[int, int]:
    """The same piece, grown over the hidden spans that it touches: there is nothing to point at inside of them."""
    for low, high in spans:
        if low <= start < high:
            start = low
        if low < end <= high:
            end = high
    return start, end


def _cells(text: str, spans: list[Span]) -> list[tuple[str, int]]:
    """What is printed for each character, and how many columns that takes."""
    cells = [_cell(character) for character in text]
    for low, high in spans:
        cells[low:high] = [(_HIDDEN, len(_HIDDEN))] + [("", 0)] * (high - low - 1)
    return cells


def _cell(character: str) -> tuple[str, int]:
    if " " <= character <= "~":
        return character, 1
    if character == "\t":
        return _TAB, len(_TAB)
    if unicodedata.category(character) in ("Mn", "Me"):
        return character, 0
    if not character.isprintable():
        return "\ufffd", 1
    return character, 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _trim(cells: list[tuple[str, int]], edges: list[int], caret: int, wide: int, cut: bool) -> Shown:
    """`cut` says that the cells are not the beginning of their line."""
    if edges[-1] <= WIDTH and not cut:
        return Shown("".join(text for text, _ in cells).rstrip(), caret, wide, False)
    left = max(min(caret - _LEAD, edges[-1] - WIDTH), 0) if caret + wide > WIDTH - _LEAD // 2 else 0
    kept = [
        (text, edge)
        for (text, _), edge, after in zip(cells, edges, edges[1:], strict=False)
        if edge >= left and after <= left + WIDTH
    ]
    first = kept[0][1] if kept else 0
    head, tail = "…" if left or cut else "", "…" if left + WIDTH < edges[-1] else ""
    caret += len(head) - first
    wide = max(min(wide, WIDTH - caret), 1)
    return Shown(head + "".join(text for text, _ in kept).rstrip() + tail, caret, wide, bool(head))


def printable(text: str) -> str:
    """A sentence on one line, without anything that a terminal would obey."""
    return "".join(character if character.isprintable() else " " if character in "\n\r\t" else "\ufffd" for character in text)
