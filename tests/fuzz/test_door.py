"""A hundred thousand fuzzed requests: the recogniser, the strict profile and h11 read the same, whatever the cuts, and
nothing but a Fault is raised (I1, I3, I4). ENGINE_FUZZ_SEED gives other cases; more of them: tests/fuzz/by_hand.py."""

from __future__ import annotations

from typing import Any

import pytest

from engine.wire.request_reader import RequestReader
from tests.fuzz import door
from tests.fuzz.campaign import Found, dice_of, run_case, run_cases, shrink
from tests.fuzz.door import DOOR
from tests.fuzz.requests import FAIR

RUNS = 100_000


def test_a_hundred_thousand_requests_i1_i3_i4(measured: Any) -> None:
    ends = run_cases(DOOR, RUNS)
    assert ends.total() == RUNS
    # A fuzz that is refused everything, or nothing, looks at little.
    assert ends["whole"] > RUNS / 10, ends
    assert ends["bad_request"] > RUNS / 10, ends
    assert len(ends) >= 8, ends
    measured("fuzzed requests", ends.total(), at_least=100_000)
    measured("of them read to their end", ends["whole"])
    measured("differences between recogniser, strict profile and h11, or other exceptions", 0, at_most=0)


@pytest.mark.parametrize("data", FAIR)
def test_the_fair_seeds_are_read_whole_i4(data: bytes) -> None:
    assert door.check(data, dice_of(0, 0), often=True) in ("whole", "head_too_large")


def test_the_same_seed_and_number_are_the_same_case() -> None:
    assert DOOR.make(dice_of(1, 7)) == DOOR.make(dice_of(1, 7))
    assert len({DOOR.make(dice_of(1, number)) for number in range(1000)}) > 900


def test_a_difference_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that loses a byte here and there is found out."""

    class Lax(RequestReader):
        __slots__ = ()

        def feed(self, data: bytes) -> None:
            super().feed(data.replace(b"\n\n", b"\n"))

    monkeypatch.setattr(door, "RequestReader", Lax)
    with pytest.raises(Found, match="door --seed 1 --only"):
        run_cases(DOOR, 20_000)


def test_what_escapes_is_told_with_its_seed_and_number() -> None:
    def check(data: bytes, dice: Any) -> str:
        if b"HTTP/1.1 " in data:
            raise ValueError("not a fault")
        return "fine"

    kind = type(DOOR)("odd", DOOR.make, check)
    with pytest.raises(Found, match=r"odd --seed 3 --only [0-9]+\n.*\nValueError: not a fault"):
        [run_case(kind, 3, number) for number in range(2000)]
    assert shrink(kind, b"GET / HTTP/1.1 " * 20) == b"HTTP/1.1 "
