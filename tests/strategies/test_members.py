from __future__ import annotations

import pytest

from engine.faults import Fault
from tests.tools.play import bound, play, program, provider


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
