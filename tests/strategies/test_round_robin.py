from __future__ import annotations

from tests.tools.play import members, play


def test_each_in_its_turn() -> None:
    pool = members("round_robin", ["a", "b", "c"])["pool"]
    assert [play(pool.plan("m"), "ok") for _ in range(7)] == [[f"{name}:m"] for name in "abcabca"]


def test_a_failure_is_not_carried_elsewhere() -> None:
    pool = members("round_robin", ["a", "b"])["pool"]
    assert play(pool.plan("m"), "upstream_error") == ["a:m"]
