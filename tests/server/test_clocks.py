"""engine/server/clocks.py: two clocks on one timer."""

from __future__ import annotations

import pytest

from engine.server.clocks import Clocks
from tests.tools.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def struck() -> list[tuple[str, float]]:
    return []


@pytest.fixture
def clocks(clock: Clock, struck: list[tuple[str, float]]) -> Clocks:
    def note(what: str):
        return lambda: struck.append((what, clock.time()))

    return Clocks(clock, note("input"), note("output"))  # type: ignore[arg-type]


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
