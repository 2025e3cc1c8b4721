from __future__ import annotations

import base64

import pytest

from engine.formats.gemini_generate.words import FINISH, FINISH_WORDS, NO_SIGNATURE, camelled, finish_of, thinks_in_levels


@pytest.mark.parametrize(
    ("word", "called", "finish"),
    [
        ("STOP", False, "stop"),
        ("STOP", True, "calls"),
        ("MAX_TOKENS", True, "length"),
        ("SAFETY", True, "filter"),
        ("RECITATION", False, "filter"),
        ("MALFORMED_FUNCTION_CALL", False, "other"),
        ("", False, "stop"),
    ],
)
def test_reasons_are_read(word: str, called: bool, finish: str) -> None:
    assert finish_of(word, called) == finish


def test_every_end_has_a_word() -> None:
    assert set(FINISH_WORDS.values()) <= {*FINISH, "OTHER"}


def test_keys_in_snake_case_are_the_same_and_values_stay() -> None:
    assert camelled({"system_instruction": {"a_b": 1}, "topK": 2}) == {"systemInstruction": {"a_b": 1}, "topK": 2}


@pytest.mark.parametrize(
    ("model", "levels"),
    [
        ("gemini-3-pro", True),
        ("models/gemini-3.1-flash", True),
        ("gemini-2.5-pro", False),
        ("gemini-10-x", True),
        ("gemma", False),
    ],
)
def test_newer_models_think_in_levels(model: str, levels: bool) -> None:
    assert thinks_in_levels(model) is levels


def test_the_placeholder_for_a_signature_is_the_documented_one() -> None:
    assert base64.b64decode(NO_SIGNATURE) == b"skip_thought_signature_validator"
