"""A value of the table that remembers where it stood, and what a bare scalar means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isfinite
from typing import Any

Scalar = str | int | float | bool | None


@dataclass(slots=True, eq=False, repr=False)
class Node:
    """One value of the table. `line` and `column` count from 1 and point at the value, `key_line` and `key_column` at its
    key in the parent mapping (0 if there is none); the lengths are what to underline on those lines.

    `text` is a scalar as written, before `4.1` became a number, and `bare` says that it was written without quotes.
    `substituted` says that a `${...}` took part in the value; `failed`, that this went wrong: the complaint is made, the
    value is None, and nothing more should be said about it."""

    value: Scalar | list[Node] | dict[str, Node]
    line: int = 0
    column: int = 0
    length: int = 1
    parent: Node | None = None
    step: str | int = ""  # the key or the index under the parent
    key_line: int = 0
    key_column: int = 0
    key_length: int = 0
    text: str = ""
    bare: bool = False
    failed: bool = False
    substituted: bool = False
    origin: str = ""  # of a substituted value: which variable or file, in words; never the value

    @property
    def path(self) -> str:
        """`pipelines.chat[3].select`; "" for the root. Computed when asked for: paths of a hostile file can be long."""
        steps: list[str] = []
        node: Node | None = self
        while node is not None and node.parent is not None:
            steps.append(f"[{node.step}]" if isinstance(node.step, int) else f".{node.step}")
            node = node.parent
        return "".join(reversed(steps)).removeprefix(".")

    def get(self, key: str) -> Node | None:
        """The value under `key`; None when this is no mapping or lacks the key."""
        return self.value.get(key) if isinstance(self.value, dict) else None

    def plain(self) -> Any:
        """The value as dict, list and scalars."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def __repr__(self) -> str:
        # Never the value: it may be a secret.
        return f"<Node {self.path or '(root)'} at {self.line}:{self.column}>"


_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEAN = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(
    r"[-+]?(?:(?:\.[0-9]+|(?:0|[1-9][0-9]*)\.[0-9]*)(?:[eE][-+]?[0-9]{1,3})?|(?:0|[1-9][0-9]*)[eE][-+]?[0-9]{1,3})"
)


def resolve(text: str) -> Scalar:
    """What an unquoted scalar means: YAML 1.2's core schema (section 10.3.2), decimal numbers only. `on`, `yes`, `10:20`,
    `0x1f`, `007` and dates stay text, and so does a number too large to be exact."""
    if text in _NULL:
        return None
    if text in _BOOLEAN:
        return _BOOLEAN[text]
    if len(text) > 32:
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text) and isfinite(number := float(text)):
        return number
    return text


def quoted(text: str) -> str:
    """A piece of the table inside a sentence, shortened."""
    return f"`{text}`" if len(text) <= 60 else f"`{text[:57]}...`"
