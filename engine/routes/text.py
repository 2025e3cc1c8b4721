"""From text to a tree that remembers where everything stood.

The tree is built from the YAML parser's events, so that every bound (nodes, depth, aliases) stops the reading itself
and not only judges its result.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from engine.complaint import Complaint
from engine.routes.mistakes import explain
from engine.routes.node import Node as Node
from engine.routes.node import quoted, resolve
from engine.routes.raw import split_lines, unfit

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_NODES = 100_000
MAX_ALIASES = 1000
MAX_DEPTH = 64
MAX_COMPLAINTS = 200

_REST_OF_LINE = re.compile(r"[^\r\n]*")


def load(text: str, file: str) -> tuple[Node | None, list[Complaint]]:
    """The tree of a table, and what is wrong with its YAML. Any text gives an answer; nothing is raised.

    The tree is None when there is nothing to go on with. With complaints and a tree, the tree holds what could be read
    (of duplicate keys the first; a bad alias is a failed value; a second document is part of the first), so that later
    checks can say their part in the same pass.
    """
    text = text.removeprefix("\ufeff")
    complaints = list(unfit(text, file))
    if complaints:
        return None, complaints
    reader = _Reader(text, file, complaints)
    try:
        return reader.document(), complaints
    except _Stop:
        pass
    except yaml.YAMLError as problem:
        complaints.append(explain(problem, split_lines(text), file))
    return None, complaints


class _Stop(Exception):
    """A bound was passed, and the complaint about it is made."""


def _with(root: Node | None, more: Node) -> Node | None:
    """A `---` in the middle of a table cuts it in two: what stands behind it still counts."""
    if root is not None and isinstance(root.value, dict) and isinstance(more.value, dict):
        for key, node in more.value.items():
            root.value.setdefault(key, node)
    return root


# libyaml's own parser: some fifty times quicker than the one in Python, which is only there for want of it.
_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Reader:
    def __init__(self, text: str, file: str, complaints: list[Complaint]) -> None:
        self._next: Callable[[], Any] = _PARSER(text).get_event
        self._text = text
        self._last = len(split_lines(text))
        self._file = file
        self._complaints = complaints
        self._anchors: dict[str, Node | None] = {}  # None while the anchored value is still being read
        self._nodes = 0
        self._aliases = 0

    def document(self) -> Node | None:
        self._next()  # the stream's start
        if isinstance(self._next(), yaml.StreamEndEvent):
            self._empty()
            return None
        event = self._next()
        # A document of nothing is a scalar of no width.
        width = event.end_mark.index - event.start_mark.index
        blank = isinstance(event, yaml.ScalarEvent) and not width
        root: Node | None = self._value(event, None, "", 1)
        self._next()  # the document's end
        extra = self._next()
        if blank and isinstance(extra, yaml.StreamEndEvent):
            self._empty()
        while not isinstance(extra, yaml.StreamEndEvent):
            self._complain(extra, "R004", "a second YAML document begins here; a table is one document", "remove the `---`")
            root = _with(root, self._value(self._next(), None, "", 1))
            self._next()
            extra = self._next()
        return None if root is None or root.failed or blank else root

    def _empty(self) -> None:
        says = "the file is empty"
        self._complaints.append(Complaint(self._file, 1, 1, "R005", "", says, "a table begins with `version: 1`"))

    def _complain(self, event: Any, code: str, says: str, hint: str = "", where: str = "") -> None:
        length = self._span(event.start_mark, event.end_mark)
        self._complaints.append(Complaint(self._file, *self._place(event.start_mark), code, where, says, hint, length))
        if len(self._complaints) >= MAX_COMPLAINTS:
            raise _Stop

    def _stop(self, event: Any, code: str, says: str) -> _Stop:
        self._complain(event, code, says)
        return _Stop()

    def _place(self, mark: Any) -> tuple[int, int]:
        """Line and column, from 1. libyaml puts what is absent at the very end one line too far down."""
        return (mark.line + 1, mark.column + 1) if mark.line < self._last else (self._last, 1)

    def _span(self, start: Any, end: Any) -> int:
        """How many characters to underline on the first line of what lies between two marks."""
        if end.line != start.line:
            rest = _REST_OF_LINE.match(self._text, start.index)
            return max(len(rest[0].rstrip()) if rest else 1, 1)
        return max(int(end.column) - int(start.column), 1)

    def _value(self, event: Any, parent: Node | None, step: str | int, depth: int) -> Node:
        """The value that begins with `event`; a failed one when it is an alias that cannot be followed."""
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, parent, step, depth)
        node = Node(None, *self._place(event.start_mark), 1, parent, step)
        self._count(event, depth)
        if event.tag is not None:
            self._complain(event, "R006", "YAML tags are not used here", "write the value alone, text in quotes", node.path)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event, node)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._sequence(event, node, depth)
        else:
            self._mapping(event, node, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _count(self, event: Any, depth: int) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise self._stop(event, "R008", f"the table has more than {MAX_NODES} values, counting each use of an alias")
        if depth > MAX_DEPTH:
            raise self._stop(event, "R008", f"values are nested more than {MAX_DEPTH} deep")

    def _scalar(self, event: Any, node: Node) -> None:
        node.text = event.value
        node.bare = event.implicit[0]
        node.value = resolve(event.value) if node.bare else event.value
        node.length = self._span(event.start_mark, event.end_mark)

    def _sequence(self, opening: Any, node: Node, depth: int) -> None:
        items: list[Node] = []
        node.value = items
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            items.append(self._value(event, node, len(items), depth + 1))
        if opening.flow_style:
            node.length = self._span(opening.start_mark, event.end_mark)

    def _mapping(self, opening: Any, node: Node, depth: int) -> None:
        pairs: dict[str, Node] = {}
        node.value = pairs
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            start, end = event.start_mark, event.end_mark
            key = self._key(event, node, depth)
            value = self._value(self._next(), node, key or "", depth + 1)
            if key is None:
                continue
            value.key_line, value.key_column = self._place(start)
            value.key_length = self._span(start, end)
            first = pairs.setdefault(key, value)
            if first is not value:
                says = f"the key {quoted(key)} stands twice in this mapping"
                self._complain(event, "R002", says, f"first at line {first.key_line}", value.path)
        if opening.flow_style:
            node.length = self._span(opening.start_mark, event.end_mark)
        elif pairs:
            node.length = next(iter(pairs.values())).key_length

    def _key(self, event: Any, node: Node, depth: int) -> str | None:
        """The text of a key; None when the pair is to be left out."""
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar_key(event, node, depth)
        self._structure_as_key(event, node, depth)
        return None

    def _scalar_key(self, event: Any, node: Node, depth: int) -> str | None:
        key = Node(event.value, *self._place(event.start_mark), parent=node, step=event.value, text=event.value)
        self._count(event, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = key
        if event.tag is not None:
            self._complain(event, "R006", "YAML tags are not used here", "write the key alone", key.path)
        elif event.implicit[0] and event.value == "<<":
            self._complain(event, "R006", "merge keys (`<<`) are not used here", "write the keys out", key.path)
            return None
        elif event.implicit[0] and not isinstance(resolve(event.value), str):
            says = f"the key {quoted(event.value)} is not text" if event.value else "a key is missing before the colon"
            self._complain(event, "R003", says, f'write `"{event.value[:40]}"`' if event.value else "", key.path)
        return str(event.value)

    def _structure_as_key(self, event: Any, node: Node, depth: int) -> None:
        # `{{ name }}` of template languages is, to YAML, a mapping as the key of a mapping.
        hint = 'write `"${NAME}"` to substitute a variable' if isinstance(event, yaml.MappingStartEvent) else ""
        self._complain(event, "R003", "a key is text, not a list, a mapping or an alias", hint, node.path)
        self._value(event, node, "?", depth + 1)

    def _alias(self, event: Any, parent: Node | None, step: str | int, depth: int) -> Node:
        self._aliases += 1
        if self._aliases > MAX_ALIASES:
            raise self._stop(event, "R007", f"the table uses more than {MAX_ALIASES} YAML aliases")
        name = event.anchor
        if name not in self._anchors:
            says, hint = (
                f"no YAML anchor {quoted('&' + name)} stands before this alias",
                "text that begins with `*` needs quotes",
            )
        elif (target := self._anchors[name]) is None:
            says, hint = f"the YAML alias {quoted('*' + name)} stands inside the value that it refers to", ""
        else:
            return self._copy(event, target, parent, step, depth)
        self._complain(event, "R007", says, hint)
        return Node(None, *self._place(event.start_mark), parent=parent, step=step, failed=True)

    def _copy(self, event: Any, source: Node, parent: Node | None, step: str | int, depth: int) -> Node:
        """An aliased value of its own, with its own path; it still points at where it was written."""
        self._count(event, depth)
        node = Node(None, source.line, source.column, source.length, parent, step, text=source.text, bare=source.bare)
        node.key_line, node.key_column, node.key_length = source.key_line, source.key_column, source.key_length
        value = source.value
        if isinstance(value, dict):
            node.value = {key: self._copy(event, child, node, key, depth + 1) for key, child in value.items()}
        elif isinstance(value, list):
            node.value = [self._copy(event, child, node, index, depth + 1) for index, child in enumerate(value)]
        else:
            node.value = value
        return node
