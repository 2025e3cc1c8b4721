from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.chat import Call
from engine.formats.arguments import arguments_of, is_kept_as_text


@pytest.mark.parametrize(
    ("arguments", "made", "kept"),
    [
        ('{"a":1}', {"a": 1}, False),
        ("", {}, False),
        (" \n", {}, False),
        ("{}", {}, False),
        ("[1]", {"_raw": "[1]"}, True),
        ('{"a":', {"_raw": '{"a":'}, True),
        ("null", {"_raw": "null"}, True),
        ('{"_raw":"x"}', {"_raw": "x"}, False),
    ],
)
def test_arguments_are_an_object_or_kept_as_text(arguments: str, made: dict[str, Any], kept: bool) -> None:
    call = Call("id", "f", arguments)
    assert arguments_of(call) == made
    assert is_kept_as_text(made, call) is kept


def test_free_text_goes_under_input() -> None:
    call = Call("id", "run", '{"a":1}', custom=True)
    assert arguments_of(call) == {"input": '{"a":1}'}
    assert not is_kept_as_text(arguments_of(call), call)


@given(st.text())
def test_whatever_a_model_wrote_there_is_an_object(text: str) -> None:
    assert isinstance(arguments_of(Call("id", "f", text)), dict)
