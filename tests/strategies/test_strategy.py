from __future__ import annotations

from engine.faults import Fault
from engine.strategies.strategy import Strategy, carry, draw, once
from engine.targets import Ask, Origin, Outcome, Plan, Target
from tests.tools.play import play, told

A = Ask((Target("a", "a", "", "openai_chat", Origin("https", "a.example", 443), ""),))
B = Ask((Target("b", "b", "", "openai_chat", Origin("https", "b.example", 443), ""),))


def test_once_asks_once_whatever_happens() -> None:
    assert play(once(A), "upstream_error") == ["a"]
    assert play(once(A), "ok") == ["a"]


def test_draw_gives_every_choice_its_equal_part_of_the_dice() -> None:
    assert [draw("abc", lambda at=i / 12: at) for i in range(12)] == list("aaaabbbbcccc")
    nearly_one = 1 - 2**-53
    assert all(draw(range(n), lambda: nearly_one) == n - 1 for n in range(1, 2000))


def test_carry_tells_how_the_last_ask_of_an_inner_plan_ended() -> None:
    heard = []

    def inner() -> Plan:
        if not (yield A).ok:
            yield B

    def outer() -> Plan:
        heard.append((yield from carry(inner())))

    assert play(outer(), "upstream_error", "upstream_timeout") == ["a", "b"]
    assert heard.pop().fault.code == "upstream_timeout"
    assert play(outer(), "ok") == ["a"]
    assert heard.pop().ok


def test_carry_of_a_plan_that_asks_nothing() -> None:
    def nothing() -> Plan:
        return
        yield A

    heard = []

    def outer() -> Plan:
        heard.append((yield from carry(nothing())))
        yield A

    assert play(outer(), "ok") == ["a"]
    assert heard == [None]


def test_a_strategy_without_rules_of_its_own_has_no_flaws() -> None:
    assert list(Strategy().flaws(["a"])) == []
    assert told(A) == "a"
    assert not Outcome(Fault("internal")).ok
