from __future__ import annotations

from collections import Counter
from random import Random

from tests.tools.play import members, play, provider


def test_members_are_equally_likely_however_many_keys_they_have() -> None:
    pool = members("random", [provider("a", keys=9), provider("b")], Random(1).random)["pool"]
    drawn = Counter(play(pool.plan("m"), "ok")[0][0] for _ in range(4000))
    assert abs(drawn["a"] - 2000) < 150


def test_the_dice_decide() -> None:
    at = [0.0, 0.34, 0.67, 0.999]
    pool = members("random", ["a", "b", "c"], iter(at).__next__)["pool"]
    assert [play(pool.plan("m"), "ok") for _ in at] == [["a:m"], ["b:m"], ["c:m"], ["c:m"]]
