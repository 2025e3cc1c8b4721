from __future__ import annotations

import pytest

from engine.formats.anthropic_messages.words import FINISH, FINISH_WORDS, finish_of, finish_words


@pytest.mark.parametrize(
    ("word", "called", "finish"),
    [
        ("end_turn", False, "stop"),
        ("end_turn", True, "calls"),
        ("tool_use", True, "calls"),
        ("max_tokens", True, "length"),
        ("model_context_window_exceeded", False, "length"),
        ("stop_sequence", False, "stop_sequence"),
        ("refusal", False, "filter"),
        ("pause_turn", False, "pause"),
        ("", False, "stop"),
        ("new_word", False, "other"),
    ],
)
def test_reasons_are_read(word: str, called: bool, finish: str) -> None:
    assert finish_of(word, called) == finish


def test_every_end_has_a_word_that_is_known() -> None:
    assert set(FINISH_WORDS.values()) <= set(FINISH)


def test_a_sequence_that_was_not_told_cannot_be_named() -> None:
    assert finish_words("stop_sequence", "END") == ("stop_sequence", "END")
    assert finish_words("stop_sequence", "") == ("end_turn", None)
    assert finish_words("calls", "") == ("tool_use", None)
