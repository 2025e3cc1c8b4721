"""engine/server/clocks.py: two clocks of a connection, and one timer for many of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.deadlines import CATCH_UP, STOOD_STILL
from engine.server.clocks import TICK, Clocks, Wheel
from tests.tools.clock import Clock
from tests.tools.wire_bytes import fuzz


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def struck() -> list[tuple[str, float]]:
    return []


@pytest.fixture
def clocks(clock: Clock, struck: list[tuple[str, float]]) -> Clocks:
    class Noting:
        def input_late(self) -> None:
            struck.append(("input", clock.time()))

        def output_late(self) -> None:
            struck.append(("output", clock.time()))

    return Clocks(Wheel(), clock, Noting())  # type: ignore[arg-type]


def test_each_strikes_once_at_its_own_moment(clock: Clock, clocks: Clocks, struck: list[tuple[str, float]]) -> None:
    clocks.expect_input(5)
    clocks.expect_output(3)
    clock.run_to(100)
    assert struck == [("output", 3), ("input", 5)]


def test_both_may_strike_together(clock: Clock, clocks: Clocks, struck: list[tuple[str, float]]) -> None:
    clocks.expect_output(5)
    clocks.expect_input(5)
    clock.run_to(100)
    assert struck == [("input", 5), ("output", 5)]


def test_one_that_ended_leaves_the_other(clock: Clock, clocks: Clocks, struck: list[tuple[str, float]]) -> None:
    clocks.expect_input(5)
    clocks.expect_output(3)
    clocks.output_went()
    clock.run_to(4)
    clocks.expect_output(3)
    clocks.input_came()
    clock.run_to(100)
    assert struck == [("output", 7)]


def test_nothing_strikes_when_both_ended(clock: Clock, clocks: Clocks, struck: list[tuple[str, float]]) -> None:
    clocks.expect_input(5)
    clocks.input_came()
    clocks.expect_output(5)
    clocks.output_went()
    clock.run_to(100)
    assert struck == []


def test_a_moment_is_not_moved_by_waiting_for_it_again(clock: Clock, clocks: Clocks, struck: list[tuple[str, float]]) -> None:
    for _ in range(3):
        clocks.expect_input_by(5.0)
        clock.run_to(clock.time() + 1)
        clocks.input_came()
    clocks.expect_input_by(5.0)
    clock.run_to(100)
    assert struck == [("input", 5)]


def test_many_requests_keep_one_timer(clock: Clock, clocks: Clocks) -> None:
    for _ in range(100):
        clocks.expect_input(75)
        clock.run_to(clock.time() + 0.01)
        clocks.input_came()
        assert len(clock.timers) == 1


def test_a_timer_that_is_early_does_not_strike(clock: Clock, clocks: Clocks, struck: list[tuple[str, float]]) -> None:
    clocks.expect_output(3)
    clocks.expect_input(5)
    clock.fire_all()
    assert struck == []
    clock.run_to(100)
    assert struck == [("output", 3), ("input", 5)]


def test_a_closed_one_has_no_timer(clock: Clock, clocks: Clocks) -> None:
    clocks.expect_input(5)
    clocks.close()
    assert clock.timers == []


class Struck:
    """Notes when its input was late; `fails` is what its owner does then."""

    def __init__(self, clock: Clock, wheel: Wheel, fails: bool = False) -> None:
        self.clocks = Clocks(wheel, clock, self)  # type: ignore[arg-type]
        self.at: list[float] = []
        self._clock = clock
        self._fails = fails

    def input_late(self) -> None:
        self.at.append(self._clock.time())
        if self._fails:
            raise ZeroDivisionError

    def output_late(self) -> None:
        raise AssertionError


@fuzz
@given(st.lists(st.tuples(st.floats(0.001, 3.0), st.floats(0.0, 2.0), st.booleans()), max_size=30))
def test_many_on_one_wheel_strike_as_if_each_were_alone_but_for_a_tick(steps: list[tuple[float, float, bool]]) -> None:
    clock, wheel = Clock(), Wheel()
    due: dict[Struck, float] = {}
    many = [Struck(clock, wheel) for _ in range(3)]
    for number, (seconds, passes, comes) in enumerate(steps):
        one = many[number % 3]
        if comes and one in due:
            one.clocks.input_came()
            del due[one]
        else:
            one.clocks.expect_input(seconds)
            due[one] = clock.time() + seconds
        clock.run_to(clock.time() + passes)
        for other, moment in list(due.items()):
            struck = [at for at in other.at if at >= moment - 0.001]
            assert struck or clock.time() <= moment + TICK
            if struck:
                assert moment - 0.001 <= struck[0] <= moment + TICK
                del due[other]
    for one in many:
        one.clocks.close()
    assert clock.timers == []
    assert wheel._slots == {}


def test_a_thousand_idle_connections_have_one_timer() -> None:
    clock, wheel = Clock(), Wheel()
    many = [Struck(clock, wheel) for _ in range(1000)]
    for one in many:
        one.clocks.expect_input(75)
    assert len(clock.timers) == 1
    clock.run_to(75)
    assert [one.at for one in many] == [[75.0]] * 1000


def test_one_that_fails_does_not_cost_the_others_their_moment() -> None:
    clock, wheel = Clock(), Wheel()
    many = [Struck(clock, wheel, fails=number == 1) for number in range(3)]
    for one in many:
        one.clocks.expect_input(5)
    with pytest.raises(ZeroDivisionError):
        clock.run_to(5)
    clock.run_to(5)
    assert [one.at for one in many] == [[5.0]] * 3


def test_after_a_suspension_what_came_meanwhile_is_read_first(
    clock: Clock, clocks: Clocks, struck: list[tuple[str, float]]
) -> None:
    """F-49: the loop fires timers before it reads; who is late after that is late."""
    clocks.expect_input(5)
    clock.now = 5.0 + 2 * STOOD_STILL
    clock.fire_all()
    assert struck == []
    clocks.expect_input(1)  # it was read
    clock.run_to(clock.now + 2)
    (first,) = struck
    clocks.expect_input(5)
    clock.now = again = 1000.0
    clock.fire_all()
    clock.run_to(2000.0)
    assert struck == [first, ("input", again + CATCH_UP)]
