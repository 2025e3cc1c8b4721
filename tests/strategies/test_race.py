from __future__ import annotations

from engine.strategies.members import Members
from engine.targets import Race
from tests.tools.play import bound, members, play, program, provider


def test_all_at_once_and_then_it_ends() -> None:
    pool = members("race", ["a", "b"], timeout="20s")["pool"]
    assert play(pool.plan("m"), "ok") == ["race(a:m, b:m)"]
    assert play(pool.plan("m"), ("upstream_error", "upstream_timeout")) == ["race(a:m, b:m)"]


def test_the_timeout_is_the_races() -> None:
    step = next(members("race", ["a", "b"], timeout="20s")["pool"].plan("m"))
    assert isinstance(step, Race)
    assert step.timeout == 20.0


def nested(**fast: object) -> Members:
    pools = {
        "first": {"strategy": "fallback", "of": ["a", "b"]},
        "second": {"strategy": "fallback", "of": ["c", "d"], "on": ["rate_limit"]},
        "fast": {"strategy": "race", "of": ["first", "second"], **fast},
        "wide": {"strategy": "race", "of": ["fast", "e"]},
        "safe": {"strategy": "fallback", "of": ["fast", "e"]},
    }
    return bound(program([provider(name) for name in "abcde"], pools=pools), lambda: 0.5)


def test_members_with_more_to_try_race_again_each_by_its_own_fault() -> None:
    """`second` moves on for a rate limit only: it is told of its own failure, not of its rival's."""
    plan = nested()["fast"].plan("m")
    assert play(plan, ("upstream_error", "upstream_error"), ("upstream_error",)) == ["race(a:m, c:m)", "race(b:m)"]
    plan = nested()["fast"].plan("m")
    both = ("upstream_error", "upstream_rate_limit")
    assert play(plan, both, both) == ["race(a:m, c:m)", "race(b:m, d:m)"]


def test_a_race_within_a_race_is_one_race() -> None:
    plan = nested()["wide"].plan("m")
    three = ("upstream_error", "upstream_rate_limit", "upstream_timeout")
    assert play(plan, three, "ok") == ["race(a:m, c:m, e:m)", "race(b:m, d:m)"]


def test_a_race_within_a_fallback() -> None:
    plan = nested()["safe"].plan("m")
    assert play(plan, ("upstream_error", "upstream_refused"), "upstream_error", "ok") == [
        "race(a:m, c:m)",
        "race(b:m)",
        "e:m",
    ]


def test_one_fault_for_all_is_enough() -> None:
    """Who carries a plan out may tell of a race as a whole."""
    assert play(nested()["fast"].plan("m"), "upstream_rate_limit", "ok") == ["race(a:m, c:m)", "race(b:m, d:m)"]
