from __future__ import annotations

from engine.observe.timing import Timing


def test_a_bound_holds_what_falls_on_it() -> None:
    timing = Timing((0.1, 1.0))
    for seconds in (0.05, 0.1, 0.2, 1.0, 7.0):
        timing.add(seconds)
    assert timing.counts == [2, 2, 1]
    assert timing.told() == [2, 2, 1, timing.total]
    assert round(timing.total, 6) == 8.35
