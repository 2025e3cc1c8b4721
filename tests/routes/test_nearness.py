from __future__ import annotations

import time

import pytest

from engine.routes.nearness import nearest, slips


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("gpt4o-eu", "gpt-4o-eu"),
        ("GPT_4O_EU", "gpt-4o-eu"),
        ("openia", "openai"),
        ("antropic", "anthropic"),
        ("roundrobin", "round_robin"),
        ("round-robin", "round_robin"),
        ("fallbck", "fallback"),
        ("Select", "select"),
        ("logg", "log"),
        ("lgo", "log"),
        ("anthropic_message", "anthropic_messages"),
        ("stratgy", "strategy"),
    ],
)
def test_a_near_word_is_suggested(word: str, near: str) -> None:
    known = "openai anthropic gpt-4o-eu round_robin fallback select log anthropic_messages strategy of"
    assert nearest(word, known.split()) == near


@pytest.mark.parametrize("word", ["", "x", "on", "if", "mistral", "groq", "race", "openrouter", "z" * 5000, "---", "authz"])
def test_a_poor_guess_is_not_made(word: str) -> None:
    assert nearest(word, ["openai", "anthropic", "gemini", "of", "select", "log", "xai", "even"]) == ""


def test_the_same_letters_win_over_an_earlier_near_word() -> None:
    assert nearest("open_ai", ["opena", "openai"]) == "openai"


def test_many_candidates_are_quickly_searched() -> None:
    begun = time.process_time()
    assert nearest("w" * 64, ("x" * (60 + i % 8) for i in range(100_000))) == ""
    assert nearest("w" * 64, ("w" * 32 + "x" * 32 for i in range(100_000))) == ""
    assert time.process_time() - begun < 2.0


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [
        ("abc", "abc", 0),
        ("abc", "acb", 1),
        ("abc", "ab", 1),
        ("abc", "xabc", 1),
        ("abc", "xyz", 3),
        ("", "ab", 2),
        ("ca", "abc", 3),
    ],
)
def test_slips_are_counted(one: str, other: str, count: int) -> None:
    assert slips(one, other, 9) == slips(other, one, 9) == count


def test_slips_stop_at_the_limit() -> None:
    assert slips("abcdef", "ghijkl", 2) == 2
    assert slips("abc", "abcdefgh", 3) == 3
