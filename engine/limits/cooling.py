"""Whom to leave alone for a while: keys that have reached their limit or were refused (reliability.md, F-13 and F-15).

A provider that says "not before 20 seconds" would say the same to the next request. So the key is put aside for that time and
others are asked first; when all are put aside, the one that is free soonest. Every worker knows what it has heard itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from engine.faults import Fault
    from engine.targets import Target

LONGEST = 60.0  # seconds: a hint may be a mistake, and a key may be mended
MOST = 4096  # entries: clients choose the names of some models


class Cooling:
    """By target, and where the target keeps the client's model by that model (`asked`), since most limits are a model's.

    False when nobody cools, so that the usual request asks for no more than that. `now` gives monotonic seconds."""

    __slots__ = ("_free", "_last", "_now")

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._free: dict[tuple[str, str], float] = {}  # when each is free again
        self._last = 0.0  # when all are

    def __bool__(self) -> bool:
        if self._free and self._now() >= self._last:
            self._free.clear()
        return bool(self._free)

    def heed(self, fault: Fault, target: Target, asked: str) -> bool:
        """Puts the target aside when the fault says so; whether it did."""
        word = fault.row.pools
        seconds = LONGEST if word == "auth" else min(fault.retry_after or 0.0, LONGEST) if word == "rate_limit" else 0.0
        if seconds <= 0 or (len(self._free) >= MOST and not self._forget()):
            return False
        self._free[_key(target, asked)] = until = self._now() + seconds
        self._last = max(self._last, until)
        return True

    def left(self, target: Target, asked: str) -> float:
        """Seconds until it is free; 0.0 when it is."""
        return max(0.0, self._free.get(_key(target, asked), 0.0) - self._now())

    def in_order(self, targets: Sequence[Target], asked: str) -> tuple[Target, ...]:
        """Those that are free first, as they stand; then the others, who is free soonest first."""
        return tuple(sorted(targets, key=lambda target: self.left(target, asked)))

    def free_of(self, targets: Sequence[Target], asked: str) -> tuple[Target, ...]:
        """Those that are free; when none is, the one that is free soonest."""
        ordered = self.in_order(targets, asked)
        return tuple(target for target in ordered if not self.left(target, asked)) or ordered[:1]

    def _forget(self) -> bool:
        """Drops who is free again; whether there is room now."""
        now = self._now()
        self._free = {key: until for key, until in self._free.items() if until > now}
        return len(self._free) < MOST


def _key(target: Target, asked: str) -> tuple[str, str]:
    return target.name, "" if target.model else asked
