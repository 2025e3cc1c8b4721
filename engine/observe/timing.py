"""Hot: guarded by bench/micro/metrics.py. A histogram that is being counted."""

from __future__ import annotations

from bisect import bisect_left


class Timing:
    """`counts[i]` fell at or below `bounds[i]` and above the one before; the last is beyond all. Seconds."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.total += seconds

    def told(self) -> list[float]:
        return [*self.counts, self.total]
