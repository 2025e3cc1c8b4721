"""The sections of a table: which there are, which were meant, and the names and items that stand in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from engine.routes.due import say_type
from engine.routes.lost import colon_lost, swallowed
from engine.routes.shape import REQUIRED, TOP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.routes.desk import Desk
    from engine.routes.draft import Draft
    from engine.routes.node import Node

VERSION = 1
_LISTS = ("models", "routes")
# Names stand in metrics, logs and target names (`provider:model#2`).
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}", re.ASCII)


class Sections:
    """Finds them in the draft's table, and hands what is wrong with them to the desk."""

    def __init__(self, desk: Desk, draft: Draft) -> None:
        self._desk = desk
        self._draft = draft
        self._meant: dict[str, Node] = {}  # misspelt sections, by the name that was meant

    def top(self) -> None:
        """The keys of the table itself, and its version."""
        root = self._draft.root
        assert isinstance(root.value, dict)
        for key, node in root.value.items():
            if key not in TOP and not key.startswith("x-"):
                self._stray(key, node)
        for key in REQUIRED:
            if key not in root.value and key not in self._meant:
                hint = "write `version: 1`" if key == "version" else "without routes nothing is served"
                self._desk.error(root, "R021", f"the table lacks `{key}`", hint)
        version = self.find("version")
        if version is not None and not version.failed and (version.value != VERSION or isinstance(version.value, bool)):
            self._desk.error(version, "R025", f"this engine reads version {VERSION} of the table", "write `version: 1`")

    def _stray(self, key: str, node: Node) -> None:
        """A section that does not exist is read as the one that was meant, so that what stands in it is known."""
        known = swallowed((key,), TOP)
        hint = f"a space is missing after `{known[key]}:`" if known else self._desk.suggest(key, TOP)
        self._desk.error(node, "R020", f"a table has no section `{key[:60]}`", hint, on_key=True)
        meant = known.get(key) or self._desk.nearest(key, TOP)
        if meant and self.find(meant) is None and _fits(meant, node):
            self._meant[meant] = node
        else:
            self._draft.unread |= set(_names_in(node))

    def find(self, name: str) -> Node | None:
        """The section, or the misspelt one that was meant for it."""
        return self._draft.root.get(name) or self._meant.get(name)

    def named(self, section: str) -> Iterator[tuple[str, Node]]:
        """What a section declares by name."""
        node = self.find(section)
        if node is None:
            return
        if not isinstance(node.value, dict):
            say_type(self._desk, node, "object", hint="take the dashes away" if isinstance(node.value, list) else "")
            self._draft.unread |= set(_names_in(node))
            return
        for name, item in node.value.items():
            if lost := colon_lost(name):
                self._draft.unread.add(lost[0])
                self._desk.error(item, "R023", "this is no name", "a `:` is missing after the first word", on_key=True)
                continue
            if not _NAME.fullmatch(name):
                says = "a name is at most 64 letters, digits, `.`, `_` and `-`"
                self._desk.error(item, "R023", says, on_key=True)
            yield name, item

    def listed(self, section: str) -> list[Node]:
        """The items of a section that is a list."""
        node = self.find(section)
        if node is None:
            return []
        if not isinstance(node.value, list):
            say_type(self._desk, node, "array")
            self._draft.unread |= set(_names_in(node))
            return []
        if section == "routes" and not node.value:
            self._desk.error(node, "R023", "there is no route, so nothing is served")
        return node.value


def _fits(section: str, node: Node) -> bool:
    """Whether a misspelt section holds what the one that it resembles would hold; else reading it would only confuse."""
    if section == "version":
        return not isinstance(node.value, (dict, list))
    return isinstance(node.value, list if section in _LISTS else dict)


def _names_in(node: Node) -> Iterator[str]:
    """What a section declares, whether it is a mapping by name or a list of mappings."""
    if isinstance(node.value, dict):
        yield from node.value
    for item in node.value if isinstance(node.value, list) else ():
        if isinstance(item.value, dict):
            yield from item.value
            name = item.get("name")
            if name and isinstance(name.value, str):
                yield name.value
