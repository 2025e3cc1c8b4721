from __future__ import annotations

from pathlib import Path

import pytest

from bench.load import Sample
from bench.peers.__main__ import PEERS
from bench.peers.compare import added, added_lines, medians, ratios
from bench.peers.setting import told
from bench.report import Figures, figures


def row(server: str, ms: float, *, rate: int = 10, work: str = "one") -> Figures:
    sample = Sample(seconds=1.0, requests=rate)
    sample.latencies.extend([ms / 1000] * 10)
    return figures(server, work, "1", sample, 0.001, 2**20)


def test_medians_are_of_each_server_and_work() -> None:
    rows = [row("engine", 1.0), row("engine", 5.0), row("engine", 2.0), row("nginx", 1.0)]
    assert [(made.server, round(made.p50_ms, 6)) for made in medians(rows)] == [("engine", 2.0), ("nginx", 1.0)]


def test_added_latency_is_what_lies_beyond_the_direct_one() -> None:
    rows = [row("direct", 0.1), row("engine", 0.25), row("nginx", 0.15)]
    latency = added(rows)
    assert latency["engine"] == pytest.approx((150, 150))
    assert latency["nginx"] == pytest.approx((50, 50))
    assert "engine against nginx: p50 3.00 x, p99 3.00 x" in added_lines(latency)


def test_without_a_direct_row_nothing_is_said_to_be_added() -> None:
    assert added([row("engine", 1.0)]) == {}


def test_a_server_that_adds_nothing_makes_no_ratio() -> None:
    assert added_lines({"engine": (10.0, 10.0), "nginx": (-1.0, 5.0)}).endswith("p50 -, p99 2.00 x")


def test_ratios_leave_out_the_direct_row() -> None:
    said = ratios([row("direct", 0.1), row("engine", 1.0, rate=30), row("nginx", 0.5, rate=10)])
    assert "direct" not in said
    assert "requests/s   3.00 x" in said


def test_the_routers_are_measured_as_documented_and_quiet() -> None:
    commands = {name: str(told(PEERS[name], Path("/nowhere/peers"))["command"]) for name in PEERS}
    assert "--policy cache_aware --log-level info" in commands["sglang"]
    assert "--policy consistent_hash --log-level info" in commands["vllm"]
    assert "--policy round_robin --log-level warn" in commands["sglang-quiet"]
    assert "--policy round_robin --log-level warning" in commands["vllm-quiet"]


@pytest.mark.parametrize("name", PEERS)
def test_a_setting_names_no_place_of_this_machine(name: str) -> None:
    said = repr(told(PEERS[name], Path("/nowhere/peers")))
    assert "/nowhere" not in said
    assert "/tmp" not in said
    assert str(Path.home()) not in said
