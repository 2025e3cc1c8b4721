from __future__ import annotations

import pytest

from engine.units import read_duration, read_rate, read_size


@pytest.mark.parametrize(
    ("text", "seconds"), [("250ms", 0.25), ("10s", 10.0), ("5m", 300.0), ("1h", 3600.0), ("1.5s", 1.5), ("0s", 0.0)]
)
def test_durations_are_seconds(text: str, seconds: float) -> None:
    assert read_duration(text) == seconds


@pytest.mark.parametrize("text", ["10", "", "s", "10 s", "-1s", "10S", "1d", "1e3s", "10s ", "1.s", "١s"])
def test_a_duration_needs_a_number_and_a_unit(text: str) -> None:
    with pytest.raises(ValueError, match="250ms"):
        read_duration(text)


@pytest.mark.parametrize(
    ("text", "size"), [("64KiB", 65536), ("10MiB", 10 * 1024**2), ("1KB", 1000), ("7B", 7), ("1GiB", 1024**3)]
)
def test_sizes_are_bytes(text: str, size: int) -> None:
    assert read_size(text) == size


@pytest.mark.parametrize("text", ["10", "1.5MiB", "10kib", "MiB", "10 MiB", "10M"])
def test_a_size_needs_a_whole_number_and_a_unit(text: str) -> None:
    with pytest.raises(ValueError, match="64KiB"):
        read_size(text)


@pytest.mark.parametrize(("text", "rate"), [("600/min", (600, 60.0)), ("10/s", (10, 1.0)), ("1/day", (1, 86400.0))])
def test_rates_say_how_many_per_seconds(text: str, rate: tuple[int, float]) -> None:
    assert read_rate(text) == rate


@pytest.mark.parametrize("text", ["600", "/min", "1.5/s", "10/week"])
def test_a_rate_needs_both(text: str) -> None:
    with pytest.raises(ValueError, match="600/min"):
        read_rate(text)
