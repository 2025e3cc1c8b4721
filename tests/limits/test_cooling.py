"""F-13, F-15: who is left alone, for how long, and who is asked meanwhile. The clock is the test's own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.faults import TABLE, Fault
from engine.limits.cooling import LONGEST, MOST, Cooling
from tests.tools.step import targets

A, B, C = targets("a", "a#2", "b")


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cooling(clock: Clock) -> Cooling:
    return Cooling(clock)


def limited(seconds: float | None) -> Fault:
    return Fault("upstream_rate_limit", retry_after=seconds)


def names(found: tuple[object, ...]) -> list[str]:
    return [target.name for target in found]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("hint", "seconds"), [(5.0, 5.0), (3600.0, LONGEST), (0.0, 0.0), (None, 0.0)])
def test_a_limit_counts_for_as_long_as_it_says(clock: Clock, cooling: Cooling, hint: float | None, seconds: float) -> None:
    assert cooling.heed(limited(hint), A, "m") == (seconds > 0)
    assert cooling.left(A, "m") == seconds
    assert bool(cooling) == (seconds > 0)
    clock.now += seconds
    assert cooling.left(A, "m") == 0.0
    assert not cooling


def test_a_refused_key_rests_for_a_minute(cooling: Cooling) -> None:
    assert cooling.heed(Fault("upstream_auth"), A, "m")
    assert cooling.left(A, "m") == 60.0


@pytest.mark.parametrize("code", [code for code, row in TABLE.items() if row.pools not in ("auth", "rate_limit")])
def test_nothing_else_cools(cooling: Cooling, code: str) -> None:
    assert not cooling.heed(Fault(code, retry_after=9.0), A, "m")
    assert not cooling


def test_another_key_and_another_model_are_free(cooling: Cooling) -> None:
    cooling.heed(limited(9.0), A, "m")
    assert [cooling.left(B, "m"), cooling.left(A, "n"), cooling.left(C, "m")] == [0.0, 0.0, 0.0]
    named = replace(C, model="gpt")
    cooling.heed(limited(9.0), named, "alias")
    assert cooling.left(named, "another alias") == 9.0, "the provider's own name counts"


def test_the_free_go_first_and_then_who_is_free_soonest(clock: Clock, cooling: Cooling) -> None:
    all_of = (A, B, C)
    assert names(cooling.in_order(all_of, "m")) == ["a", "a#2", "b"]
    cooling.heed(limited(9.0), A, "m")
    assert names(cooling.in_order(all_of, "m")) == ["a#2", "b", "a"]
    assert names(cooling.free_of(all_of, "m")) == ["a#2", "b"]
    cooling.heed(limited(20.0), B, "m")
    cooling.heed(limited(3.0), C, "m")
    assert names(cooling.in_order(all_of, "m")) == ["b", "a", "a#2"]
    assert names(cooling.free_of(all_of, "m")) == ["b"]
    clock.now += 10.0
    assert names(cooling.free_of(all_of, "m")) == ["a", "b"]


def test_it_remembers_a_bounded_number(clock: Clock, cooling: Cooling) -> None:
    for number in range(MOST):
        assert cooling.heed(limited(1.0 if number % 2 else 50.0), A, f"m{number}")
    assert not cooling.heed(limited(9.0), A, "one more")
    clock.now += 1.0
    assert cooling.heed(limited(9.0), A, "one more"), "half of them are free again"
