from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.formats.tool_names import IDS, NAMES, call_id, fitted, tool_name


@pytest.mark.parametrize(
    ("name", "format", "kept"),
    [
        ("get_weather-2", "openai_chat", True),
        ("w" * 64, "openai_chat", True),
        ("w" * 65, "openai_chat", False),
        ("w" * 128, "anthropic_messages", True),
        ("w" * 129, "openai_responses", False),
        ("a.b:c", "gemini_generate", True),
        ("a.b:c", "openai_chat", False),
        ("2nd", "gemini_generate", False),
        ("2nd", "openai_chat", True),
        ("wetter für", "anthropic_messages", False),
    ],
)
def test_a_name_that_is_allowed_stays_and_another_is_fitted(name: str, format: str, kept: bool) -> None:
    assert (tool_name(name, format) == name) is kept


def test_what_is_fitted_can_still_be_read() -> None:
    assert re.fullmatch(r"what_weather__[0-9a-f]{6}", tool_name("what weather?", "openai_chat"))
    assert re.fullmatch(r"_2nd_[0-9a-f]{6}", tool_name("2nd", "gemini_generate"))


@pytest.mark.parametrize("format", NAMES)
@given(name=st.text(min_size=1, max_size=200))
def test_every_fitted_name_is_allowed_and_always_the_same(format: str, name: str) -> None:
    rule = NAMES[format]
    made = tool_name(name, format)
    assert rule.allowed.fullmatch(made)
    assert len(made) <= rule.longest
    assert tool_name(name, format) == made == fitted(made, rule)


def test_names_that_are_cut_or_cleaned_alike_stay_apart() -> None:
    long = "w" * 100
    made = {tool_name(name, "openai_chat") for name in (long + "a", long + "b", "a b", "a?b")}
    assert len(made) == 4


@pytest.mark.parametrize(
    ("id", "format", "kept"),
    [
        ("functions.x:0", "openai_chat", True),
        ("functions.x:0", "anthropic_messages", False),
        ("toolu_01", "anthropic_messages", True),
        ("c" * 65, "openai_responses", False),
        ("c" * 500, "gemini_generate", True),
    ],
)
def test_ids_of_calls_are_fitted_where_the_format_is_narrow(id: str, format: str, kept: bool) -> None:
    assert (call_id(id, format) == id) is kept
    assert format not in IDS or IDS[format].allowed.fullmatch(call_id(id, format))
