from __future__ import annotations

from engine.strategies.weighted import Weighted
from tests.tools.play import members, play, provider


def drawn(weights: dict[str, int], *dice: float) -> str:
    pool = members("weighted", ["a", "b", "c"], iter(dice).__next__, weights=weights)["pool"]
    return "".join(play(pool.plan("m"), "ok")[0][0] for _ in dice)


def test_each_gets_as_much_of_the_dice_as_its_weight() -> None:
    tenths = [i / 10 for i in range(10)]
    assert drawn({"a": 7, "b": 2, "c": 1}, *tenths) == "aaaaaaabbc"


def test_who_is_not_named_has_weight_one_and_zero_is_never_drawn() -> None:
    assert drawn({"a": 2}, 0.0, 0.49, 0.5, 0.74, 0.75, 0.999) == "aabbcc"
    assert drawn({"a": 0, "c": 0}, 0.0, 0.5, 0.999) == "bbb"
    assert drawn({"b": 0}, 0.0, 0.49, 0.5, 0.999) == "aacc"


def test_when_only_weight_zero_is_left_it_is_asked() -> None:
    of = [provider("a", unavailable="set A_KEY"), provider("b")]
    pool = members("weighted", of, lambda: 0.9, weights={"b": 0})["pool"]
    assert play(pool.plan("m"), "ok") == ["b:m"]


def test_flaws() -> None:
    assert list(Weighted(weights={"a": 1}).flaws(["a", "b"])) == []
    assert [option for option, _ in Weighted(weights={"x": 1}).flaws(["a"])] == ["weights"]
    assert "weight 0" in next(iter(Weighted(weights={"a": 0}).flaws(["a"])))[1]
