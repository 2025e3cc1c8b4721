from __future__ import annotations

import pytest

from bench.load import Sample
from bench.report import Figures, figures, from_wrk, machine, percentile
from bench.wrk import Told


def test_percentiles_are_those_of_the_nearest_rank() -> None:
    values = [float(i) for i in range(100)]
    assert (percentile(values, 0.5), percentile(values, 0.99), percentile([], 0.5)) == (50.0, 99.0, 0.0)


def test_figures_are_per_second_and_per_request() -> None:
    sample = Sample(seconds=2.0, requests=100, events=1000)
    sample.latencies.extend([0.001] * 100)
    made = figures("engine", "json", "1", sample, cpu_seconds=0.01, rss_bytes=2**20)
    assert (made.requests_per_s, made.events_per_s, made.p50_ms) == (50.0, 500.0, 1.0)
    assert (made.cpu_us, made.cpu_us_event, made.rss_mib) == (100.0, 10.0, 1.0)


def test_a_run_by_wrk_makes_the_same_row() -> None:
    made = from_wrk("engine", "json by wrk", "8", Told(2.0, 100, 1, 0.001, 0.002, 0.003), 0.01, 2**20)
    assert (made.requests_per_s, made.errors, made.cpu_us) == (50.0, 1, 100.0)
    assert (made.p50_ms, made.p99_ms, made.p999_ms) == (1.0, 2.0, 3.0)
    assert isinstance(made, Figures)


def test_the_class_of_machine_is_told_and_not_whose_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.release", lambda: "6.1.0-18-someones-own")
    told = machine()
    assert set(told) == {"cores", "cpu", "arch", "system", "python"}
    assert "someones" not in str(told["system"])
