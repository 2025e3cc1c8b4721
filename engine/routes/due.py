"""What was due where something else stands, and what was probably meant."""

from __future__ import annotations

import re
from types import NoneType
from typing import TYPE_CHECKING

from engine import units
from engine.routes.lost import space_hint
from engine.routes.node import resolve

if TYPE_CHECKING:
    from engine.routes.desk import Desk
    from engine.routes.node import Node

_DUE = {
    "array": "a list",
    "object": "a mapping",
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "`true` or `false`",
}
_YES_NO = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}


def say_type(desk: Desk, node: Node, *due: str, hint: str = "", hidden: bool = False) -> None:
    """The value is of another type than those `due` (JSON Schema's words). `hint` is what to write, when nothing nearer is
    found in the value itself. `hidden`: it stands where credentials do, so neither the line nor a hint may show it."""
    if node.failed:
        return
    due_words = " or ".join(_DUE[word] for word in due)
    if node.value is None:
        desk.error(node, "R022", f"{due_words} is due here, and nothing stands here", "write a value, or take the key away")
        return
    # A list or a mapping comes from no variable, so where the value came from does not matter.
    sourced = not {"array", "object"} & set(due)
    says = f"{due_words} is due here, this is {_kind_of(node)}"
    if "boolean" in due and _yes_no(node):
        says = f"{due_words} is due here; `{node.value}` is text"
    hint = (hint or _hidden_hint(due)) if hidden else _type_hint(node, due) or hint
    desk.error(node, "R022", says, hint, sourced=sourced, hidden=hidden)


def _hidden_hint(due: tuple[str, ...]) -> str:
    return "put brackets around it" if "array" in due else "put it in quotes" if "string" in due else ""


def _yes_no(node: Node) -> str:
    """`true` or `false` for the words of other languages."""
    said = isinstance(node.value, str) and not node.substituted
    return _YES_NO.get(str(node.value).lower(), "") if said else ""


def _type_hint(node: Node, due: tuple[str, ...]) -> str:
    value = node.value
    if "array" in due and isinstance(value, str) and "string" not in due:
        return "put brackets around it" if node.substituted else f"write `[{short(value)}]`"
    if "string" in due and isinstance(value, (int, float)):
        return "put it in quotes"
    if "boolean" in due and _yes_no(node):
        return f"write `{_yes_no(node)}`"
    if "object" in due and isinstance(value, str) and node.bare and not node.substituted:
        return space_hint(value)
    scalar = {"integer", "number", "boolean"} & set(due) and isinstance(value, str) and not node.substituted
    if scalar and not isinstance(resolve(node.text), (str, NoneType)):
        return "take the quotes away"
    return ""


def _kind_of(node: Node) -> str:
    value = node.value
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, (int, float)):
        return "a number"
    return "a string" if isinstance(value, str) else "a list" if isinstance(value, list) else "a mapping"


# What people write for a unit, and the unit.
_SPELLINGS = {
    "sec": "s", "secs": "s", "second": "s", "seconds": "s", "min": "m", "mins": "m", "minute": "m", "minutes": "m",
    "hour": "h", "hours": "h", "hr": "h", "msec": "ms", "millis": "ms", "milliseconds": "ms",
    "k": "KiB", "kb": "KB", "kib": "KiB", "m": "MiB", "mb": "MB", "mib": "MiB", "g": "GiB", "gb": "GB", "gib": "GiB",
    "b": "B", "bytes": "B", "/minute": "/min", "/second": "/s",
}  # fmt: skip
_BARE_UNIT = {units.DURATION: "s", units.SIZE: "B", units.RATE: "/min"}


def unit_hint(node: Node, pattern: str) -> str:
    """The likely right form of a number without its unit, or with a unit in other words; "" when there is none."""
    value = node.value
    if node.substituted or isinstance(value, (bool, list, dict)) or value is None:
        return ""
    text = re.sub(r"\s+", "", str(value))
    if len(text) > 24:
        return ""
    number = re.match(r"[0-9.]*", text)
    digits = number[0] if number else ""
    word = text[len(digits) :].lower()
    for unit in (_BARE_UNIT[pattern] if not word else "", word, _SPELLINGS.get(word, "")):
        if unit and re.search(pattern, digits + unit):
            return f"write `{digits}{unit}`"
    return ""


def short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
