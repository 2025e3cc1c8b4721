"""Reading what a client wrote: a value is of the type that its format says, or the fault names its place.

`where` is the place of the enclosing value, as in `messages[2].content`; "" for the top.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from engine.formats.document import wrong

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

T = TypeVar("T")


def a_string(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise wrong(where, "must be a string")
    return value


def a_boolean(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise wrong(where, "must be a boolean")
    return value


def a_number(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise wrong(where, "must be a number")
    return value


def an_integer(value: object, where: str) -> int:
    """Clients of loosely typed languages write 100.0."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong(where, "must be an integer")
    return value


def a_count(value: object, where: str) -> int:
    number = an_integer(value, where)
    if number < 1:
        raise wrong(where, "must be at least 1")
    return number


def an_object(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise wrong(where, "must be an object")
    return value


def a_list(value: object, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise wrong(where, "must be a list")
    return value


def strings(value: object, where: str) -> list[str]:
    """A list of strings, or one string for a list of one."""
    if isinstance(value, str):
        return [value]
    return [a_string(each, at) for each, at in items(value, where)]


def items(value: object, where: str) -> Iterator[tuple[Any, str]]:
    """The items of a list, each with its place."""
    return ((each, f"{where}[{index}]") for index, each in enumerate(a_list(value, where)))


def below(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def maybe(document: Mapping[str, Any], key: str, check: Callable[[object, str], T], where: str = "") -> T | None:
    """None when the key is absent or null."""
    value = document.get(key)
    return None if value is None else check(value, below(where, key))


def needed(document: Mapping[str, Any], key: str, check: Callable[[object, str], T], where: str = "") -> T:
    value = document.get(key)
    if value is None:
        raise wrong(below(where, key), "is required")
    return check(value, below(where, key))
