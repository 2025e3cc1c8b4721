from __future__ import annotations

import pytest

from engine.faults import TABLE
from engine.strategies.fallback import Fallback
from tests.tools.play import members, play


def plan(**options):  # type: ignore[no-untyped-def]
    return members("fallback", ["a", "b", "c"], **options)["pool"].plan("m")


def test_the_first_that_answers_ends_it() -> None:
    assert play(plan(), "ok") == ["a:m"]
    assert play(plan(), "upstream_error", "ok") == ["a:m", "b:m"]


def test_all_are_asked_in_order_and_then_it_ends() -> None:
    assert play(plan(), "upstream_error", "upstream_connect", "upstream_timeout") == ["a:m", "b:m", "c:m"]


@pytest.mark.parametrize("code", [code for code in TABLE if code.startswith(("upstream_", "no_upstream"))])
def test_it_moves_on_for_what_is_listed_only(code: str) -> None:
    moves_on = TABLE[code].pools in Fallback().on
    assert len(play(plan(), code, *["..."] * moves_on)) == 1 + moves_on


def test_a_refused_key_moves_on_only_when_listed() -> None:
    """F-15"""
    assert play(plan(), "upstream_auth") == ["a:m"]
    assert play(plan(on=["auth"]), "upstream_auth", "ok") == ["a:m", "b:m"]
    assert play(plan(on=["auth"]), "upstream_error") == ["a:m"]


def test_what_the_provider_says_of_the_request_itself_ends_it() -> None:
    assert play(plan(), "upstream_refused") == ["a:m"]
    assert play(plan(), "unsupported") == ["a:m"]


def test_members_without_a_key_are_passed_over() -> None:
    from tests.tools.play import provider

    pool = members("fallback", [provider("a", unavailable="set A_KEY"), provider("b")])["pool"]
    assert play(pool.plan("m"), "ok") == ["b:m"]
