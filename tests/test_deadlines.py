from __future__ import annotations

from engine.deadlines import CATCH_UP, STOOD_STILL, Deadline
from tests.tools.clock import Clock


def made() -> tuple[Clock, Deadline, list[float]]:
    clock = Clock()
    fired: list[float] = []
    return clock, Deadline(clock.call_at, clock.time, lambda: fired.append(clock.time())), fired


def test_it_fires_once_when_due() -> None:
    clock, deadline, fired = made()
    deadline.set(5.0)
    clock.run_to(4.9)
    assert fired == []
    clock.run_to(20.0)
    assert fired == [5.0]


def test_moving_it_later_keeps_the_one_timer() -> None:
    clock, deadline, fired = made()
    for due in range(5, 50):
        deadline.set(float(due))
    assert len(clock.timers) == 1
    clock.run_to(100.0)
    assert fired == [49.0]


def test_moving_it_earlier_fires_earlier() -> None:
    clock, deadline, fired = made()
    deadline.set(50.0)
    deadline.set(3.0)
    clock.run_to(100.0)
    assert fired == [3.0]


def test_cleared_and_closed_deadlines_do_not_fire() -> None:
    clock, deadline, fired = made()
    deadline.set(5.0)
    deadline.clear()
    clock.run_to(10.0)
    deadline.set(12.0)
    deadline.close()
    clock.run_to(20.0)
    assert fired == []
    assert not clock.timers


def test_a_timer_that_fires_early_waits_again() -> None:
    clock, deadline, fired = made()
    deadline.set(5.0)
    clock.now = 4.5
    clock.fire_all()
    assert fired == []
    clock.run_to(6.0)
    assert fired == [5.0]


def test_after_a_suspension_what_came_meanwhile_is_read_first() -> None:
    """F-49: the loop fires timers before it reads."""
    clock, deadline, fired = made()
    deadline.set(5.0)
    clock.now = 5.0 + 2 * STOOD_STILL
    clock.fire_all()
    assert fired == []
    deadline.set(100.0)  # it was read, and moves the deadline on
    clock.run_to(99.0)
    assert fired == []


def test_after_a_suspension_who_is_late_is_late() -> None:
    """F-49."""
    clock, deadline, fired = made()
    deadline.set(5.0)
    clock.now = 1000.0
    clock.fire_all()
    clock.run_to(2000.0)
    assert fired == [1000.0 + CATCH_UP]
