from __future__ import annotations

from random import Random

import pytest

from engine.faults import Fault
from engine.limits.cooling import Cooling
from engine.program import Model
from engine.providers.targets import targets_of
from engine.strategies.even import Combinations
from engine.strategies.members import Members
from tests.tools.play import bound, play, program, provider, told


def test_a_provider_is_one_ask_of_all_its_keys_begun_with_another_each_time() -> None:
    leaf = bound(program([provider("a", keys=3)]), lambda: 0.5)["a"]
    assert [play(leaf.plan("m"), "ok") for _ in range(4)] == [
        ["a:m a:m#2 a:m#3"],
        ["a:m#2 a:m#3 a:m"],
        ["a:m#3 a:m a:m#2"],
        ["a:m a:m#2 a:m#3"],
    ]
    assert [target.name for target in leaf.targets("m")] == ["a:m", "a:m#2", "a:m#3"]


def test_a_provider_without_a_key_says_which_to_set() -> None:
    leaf = bound(program([provider("a", unavailable="set A_KEY")]), lambda: 0.5)["a"]
    with pytest.raises(Fault) as caught:
        leaf.plan("m")
    assert caught.value.code == "model_unavailable"
    assert caught.value.detail == "set A_KEY"
    assert leaf.targets("m") == ()


def test_members_are_made_once_so_that_all_routes_share_their_turns() -> None:
    members = bound(program([provider("a", keys=2)]), lambda: 0.5)
    assert members["a"] is members["a"]


def test_a_pool_of_nothing_usable_cannot_be_asked_either() -> None:
    pools = {
        "inner": {"strategy": "random", "of": ["a", "b"]},
        "outer": {"strategy": "fallback", "of": ["inner", "a"]},
    }
    dead = [provider("a", unavailable="set A_KEY"), provider("b", unavailable="set B_KEY")]
    outer = bound(program(dead, pools=pools), lambda: 0.5)["outer"]
    assert outer.unavailable == "set A_KEY; set B_KEY"
    with pytest.raises(Fault, match="model_unavailable"):
        outer.plan("m")


def test_a_pool_passes_over_whom_it_cannot_ask() -> None:
    pools = {"pool": {"strategy": "round_robin", "of": ["a", "b"]}}
    pool = bound(program([provider("a", unavailable="set A_KEY"), provider("b", keys=2)], pools=pools), lambda: 0.5)["pool"]
    assert not pool.unavailable
    assert [play(pool.plan("m"), "ok") for _ in range(2)] == [["b:m b:m#2"], ["b:m#2 b:m"]]
    assert [target.name for target in pool.targets("m")] == ["b:m", "b:m#2"]


def test_below_a_pool_are_its_providers() -> None:
    pools = {"inner": {"strategy": "random", "of": ["b", "c"]}, "outer": {"strategy": "random", "of": ["a", "inner"]}}
    members = bound(program([provider(name) for name in "abc"], pools=pools), lambda: 0.5)
    assert [leaf.name for leaf in members.below("outer")] == ["a", "b", "c"]
    assert [leaf.name for leaf in members.below("a")] == ["a"]


def test_pools_that_share_members_stay_small() -> None:
    """Each level names the one below twice: counted naively, 2**60 members."""
    pools = {f"p{i}": {"strategy": "even", "of": [f"p{i - 1}" if i else "a"] * 2} for i in range(60)}
    top = bound(program([provider("a", keys=2)], pools=pools))["p59"]
    assert [target.name for target in top.targets("m")] == ["a:m", "a:m#2"]
    assert play(top.plan("m"), "ok") == ["a:m#2"]


def test_an_unknown_name_is_a_mistake_of_the_house() -> None:
    with pytest.raises(KeyError):
        bound(program([]), lambda: 0.5)["a"]


# -- who is left alone (F-13) --------------------------------------------------------------------------------------------------


def resting(strategy: str, cool: dict[str, float], *, keys: int = 1, model: str = "m", **options: object) -> list[str]:
    """What a pool of a, b and c asks first, four times, while some cool for so many seconds."""
    if strategy == "weighted":
        options.setdefault("weights", {"a": 5})
    pools = {"pool": {"strategy": strategy, "of": ["a", "b", "c"], **options}}
    made = program([provider(name, keys=keys) for name in "abc"], pools=pools)
    cooling = Cooling(lambda: 0.0)
    members = Members(made, targets_of, Random(3).random, cooling)
    for name, seconds in cool.items():
        target = next(t for t in members["pool"].targets(model) if t.name == name)
        cooling.heed(Fault("upstream_rate_limit", retry_after=seconds), target, "m")
    asked = []
    for _ in range(4):
        step = next(members["pool"].plan(model, "m"))
        asked.append(told(step))
    return asked


def test_keys_that_cool_come_last() -> None:
    pool = resting("fallback", {"a:m": 9.0, "a:m#3": 5.0}, keys=3)
    assert pool == ["a:m#2 a:m#3 a:m"] * 4


def test_turns_go_round_those_that_are_free() -> None:
    assert resting("round_robin", {"b:m": 9.0}) == ["a:m", "c:m", "a:m", "c:m"]
    assert resting("round_robin", {"b": 9.0}, model="") == ["a", "c", "a", "c"]


@pytest.mark.parametrize("strategy", ["random", "even", "weighted"])
def test_lots_fall_on_those_that_are_free(strategy: str) -> None:
    assert set(resting(strategy, {"a:m": 9.0, "c:m": 1.0})) == {"b:m"}


@pytest.mark.parametrize("strategy", ["random", "even", "weighted", "round_robin", "race"])
def test_when_all_cool_the_one_is_asked_that_is_free_soonest(strategy: str) -> None:
    first = resting(strategy, {"a:m": 9.0, "b:m": 2.0, "c:m": 5.0})
    assert first == (["race(b:m)"] if strategy == "race" else ["b:m"]) * 4


def test_a_member_of_weight_0_is_not_drawn_because_others_rest() -> None:
    assert resting("weighted", {"a:m": 9.0, "b:m": 5.0}, weights={"c": 0}) == ["b:m"] * 4


def test_a_fallback_leaves_nobody_out() -> None:
    made = program([provider(name) for name in "abc"], pools={"pool": {"strategy": "fallback", "of": ["a", "b", "c"]}})
    cooling = Cooling(lambda: 0.0)
    members = Members(made, targets_of, lambda: 0.5, cooling)
    for name, seconds in (("a", 9.0), ("b", 5.0)):
        cooling.heed(Fault("upstream_rate_limit", retry_after=seconds), members[name].targets("m")[0], "m")
    assert play(members["pool"].plan("m", "m"), "upstream_error", "upstream_error", "ok") == ["c:m", "b:m", "a:m"]


def test_every_combination_that_is_free() -> None:
    made = program([provider("a", keys=2)], [Model("m", "a", "gpt")])
    cooling = Cooling(lambda: 0.0)
    members = Members(made, targets_of, lambda: 0.0, cooling)
    first, _ = Combinations(made, members, lambda: 0.0).choose()
    cooling.heed(Fault("upstream_auth"), first, "m")
    second, among = Combinations(made, members, lambda: 0.0).choose()
    assert (first.name, second.name, among) == ("a:gpt", "a:gpt#2", 1)
