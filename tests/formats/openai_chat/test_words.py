from __future__ import annotations

import pytest

from engine.formats.openai_chat.words import FINISH, FINISH_WORDS, finish_of


@pytest.mark.parametrize(
    ("word", "called", "finish"),
    [
        ("stop", False, "stop"),
        ("stop", True, "calls"),
        ("tool_calls", True, "calls"),
        ("function_call", True, "calls"),
        ("length", True, "length"),
        ("content_filter", True, "filter"),
        ("", False, "stop"),
        ("", True, "calls"),
        ("eos", False, "other"),
        ("eos", True, "calls"),
    ],
)
def test_calls_win_over_a_good_end_only(word: str, called: bool, finish: str) -> None:
    assert finish_of(word, called) == finish


def test_every_end_has_a_word_that_is_known() -> None:
    assert set(FINISH_WORDS.values()) <= set(FINISH)
