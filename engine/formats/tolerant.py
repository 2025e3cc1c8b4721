"""Reading what providers really send: no shape is taken for granted, nothing is raised."""

from __future__ import annotations

from typing import Any

MOST_TOKENS = 10**9  # of one reply; sums of what is larger would leave the 64 bits in which figures are kept


def mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def text(value: object) -> str:
    return value if isinstance(value, str) else ""


def count(value: object) -> int:
    """A token count: some hosts write floats, some null. What is negative or cannot be is no count."""
    if type(value) is int and 0 <= value <= MOST_TOKENS:
        return value  # what nearly all write
    if type(value) is float and 0 <= value <= MOST_TOKENS:
        return int(value)
    return 0
