import threading
import time

import pytest

from engine.runtime.watchdog import BLOCKED, HOPELESS, LOOK, TICK, Heart, Watchdog
from tests.tools.clock import Clock


class Kennel:
    """A watchdog whose clock and thread are the test's."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.told: list[tuple[str, dict]] = []
        self.aborted = 0
        self.dog = Watchdog(self.clock.time, lambda kind, message, level, **facts: self.told.append((kind, facts)), self._abort)

    def _abort(self) -> None:
        self.aborted += 1

    def pass_by(self, seconds: float, *, ticking: bool) -> None:
        end = self.clock.now + seconds
        while self.clock.now < end:
            self.clock.run_to(self.clock.now + LOOK)
            if ticking:
                self.dog.tick()
            self.dog.look()


def test_a_loop_that_ticks_is_left_alone() -> None:
    kennel = Kennel()
    kennel.pass_by(100, ticking=True)
    assert kennel.told == []


def test_a_loop_that_stands_still_is_told_of_once_with_its_stack() -> None:
    """F-51."""
    kennel = Kennel()
    kennel.pass_by(BLOCKED + 2, ticking=False)
    ((kind, facts),) = kennel.told
    assert kind == "loop_blocked"
    assert "test_a_loop_that_stands_still" in facts["stack"]
    kennel.pass_by(1, ticking=True)
    kennel.pass_by(BLOCKED + 2, ticking=False)
    assert len(kennel.told) == 2


def test_a_hopeless_worker_ends_itself() -> None:
    """F-51."""
    kennel = Kennel()
    kennel.pass_by(HOPELESS, ticking=False)
    assert kennel.aborted == 0
    kennel.pass_by(2 * LOOK, ticking=False)
    assert kennel.aborted >= 1


def test_a_suspended_process_is_one_line_and_no_alarm() -> None:
    """F-49: the loop gets its time to catch up."""
    kennel = Kennel()
    kennel.pass_by(1, ticking=True)
    kennel.clock.run_to(1000)
    kennel.dog.look()
    assert [kind for kind, _ in kennel.told] == ["suspended"]
    assert kennel.aborted == 0
    kennel.pass_by(BLOCKED / 2, ticking=False)
    kennel.pass_by(5, ticking=True)
    assert len(kennel.told) == 1


def test_the_thread_looks_and_stops() -> None:
    looked = threading.Event()

    def now() -> float:
        if threading.current_thread().name == "watchdog":
            looked.set()
        return time.monotonic()

    dog = Watchdog(now, lambda *args, **facts: None)
    dog.start()
    assert looked.wait(5)
    dog.stop()
    assert not dog._thread.is_alive()


def test_the_heart_tells_how_late_each_tick_is() -> None:
    clock = Clock()
    late: list[float] = []
    heart = Heart(clock.call_at, clock.time, late.append)
    clock.run_to(TICK)
    clock.now = 10 * TICK  # the loop was held up
    clock.fire_all()
    clock.run_to(11 * TICK)
    assert late == pytest.approx([0.0, 8 * TICK, 0.0])
    heart.stop()
    clock.run_to(100)
    assert len(late) == 3
