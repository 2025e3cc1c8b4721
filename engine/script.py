"""What a scripted provider answers: an HTTP answer as data, with its pace and its failures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from engine.web import Pair


@dataclass(slots=True)
class Step:
    """Wait `delay` seconds, then send `data`."""

    delay: float
    data: bytes


@dataclass(slots=True)
class Script:
    """`delay` is the wait before the head, in seconds. `ending`: "end" in good order, "cut" the connection after the last step,
    "stall" for ever after it."""

    status: int
    headers: tuple[Pair, ...]
    delay: float = 0.0
    steps: list[Step] = field(default_factory=list)
    ending: Literal["end", "cut", "stall"] = "end"
