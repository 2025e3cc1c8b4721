from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.providers.echo_answer import Answer, Refused, answer, digest, text_of, words_of

PLACE = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "unit": {"enum": ["c", "f"]}},
    "required": ["city", "unit"],
}
TOOLS = [
    {"type": "function", "function": {"name": "get_weather", "parameters": PLACE}},
    {"type": "function", "function": {"name": "get_time"}},
]


def ask(*messages: dict[str, Any] | str, **fields: Any) -> Answer:
    told = [{"role": "user", "content": m} if isinstance(m, str) else m for m in messages]
    return answer({"messages": told, **fields}, "", b"seed")


def test_it_says_back_the_last_user_message() -> None:
    said = ask("first", {"role": "assistant", "content": "x"}, "last  words\n", {"role": "system", "content": "s"})
    assert said == Answer("last  words\n", "stop")
    parts = [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "x"}}, {"type": "text", "text": "b"}]
    assert ask({"role": "user", "content": parts}).content == "a\nb"


def test_or_what_it_was_told_to_say() -> None:
    assert answer({"messages": [{"role": "user", "content": "x"}]}, "Hello!", b"").content == "Hello!"


@pytest.mark.parametrize(
    "messages", [None, 3, [], [None, 1, "x"], [{"role": "user"}], [{"role": "user", "content": [3, {"text": 4}]}]]
)
def test_odd_messages_are_no_harm(messages: object) -> None:
    assert answer({"messages": messages}, "", b"").content == ""


@pytest.mark.parametrize(
    ("prompt", "city"),
    [
        ("call get_weather", "call get_weather"),
        ("Please use get_weather for Paris.", "Paris"),
        ("use `get_weather` in São Paulo, please", "São Paulo, please"),
    ],
)
def test_a_prompt_that_names_a_tool_calls_it(prompt: str, city: str) -> None:
    said = ask(prompt, tools=TOOLS)
    (call,) = said.calls
    assert (said.content, said.finish, call.name) == (None, "tool_calls", "get_weather")
    assert json.loads(call.arguments) == {"city": city, "unit": "c"}
    assert call.id == ask(prompt, tools=TOOLS).calls[0].id


@pytest.mark.parametrize(
    ("prompt", "fields", "names"),
    [
        ("get_weather and get_time", {}, ["get_weather", "get_time"]),
        ("get_weather and get_time", {"parallel_tool_calls": False}, ["get_weather"]),
        ("get_weather", {"tool_choice": "none"}, []),
        ("get_weather_now or forget_weather", {}, []),
        ("hi", {}, []),
        ("hi", {"tool_choice": "auto"}, []),
        ("hi", {"tool_choice": "required"}, ["get_weather"]),
        ("get_time", {"tool_choice": "required"}, ["get_time"]),
        ("hi", {"tool_choice": {"type": "function", "function": {"name": "get_time"}}}, ["get_time"]),
    ],
)
def test_which_tools_are_called(prompt: str, fields: dict[str, Any], names: list[str]) -> None:
    said = ask(prompt, tools=TOOLS, **fields)
    assert [call.name for call in said.calls] == names
    assert len({call.id for call in said.calls}) == len(names)
    if "get_time" in names:
        assert json.loads(said.calls[-1].arguments) == {}


@pytest.mark.parametrize(
    "fields",
    [
        {"tool_choice": {"type": "function", "function": {"name": "nope"}}, "tools": TOOLS},
        {"tool_choice": {"function": 3}, "tools": TOOLS},
        {"tool_choice": "required"},
    ],
)
def test_a_choice_without_its_tool_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(Refused) as caught:
        ask("hi", **fields)
    assert caught.value.param == "tool_choice"


def test_results_are_told() -> None:
    called = {"role": "assistant", "tool_calls": []}
    results = [{"role": "tool", "tool_call_id": "a", "content": "18 C"}, {"role": "tool", "content": [{"text": "noon"}]}]
    said = ask("use get_weather", called, *results, tools=TOOLS, tool_choice="required")
    assert said == Answer("The tool says: 18 C; noon", "stop")


@pytest.mark.parametrize(("key", "most"), [("max_tokens", 2), ("max_completion_tokens", 2)])
def test_a_limit_cuts_at_a_word(key: str, most: int) -> None:
    assert ask("one two three", **{key: most}) == Answer("one two", "length")
    assert ask("one two", **{key: most}).finish == "stop"


def test_json_is_answered_as_json() -> None:
    assert json.loads(ask("hi", response_format={"type": "json_object"}).content or "") == {"echo": "hi"}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": PLACE}}
    assert json.loads(ask("Rome", response_format=wanted).content or "") == {"city": "Rome", "unit": "c"}


@given(st.text(max_size=40))
def test_words_join_to_the_text(text: str) -> None:
    words = words_of(text)
    assert "".join(words) == text
    assert len(words) == max(len(text.split()), 1 if text else 0)


def test_texts_and_digests() -> None:
    assert text_of({"content": None}) == ""
    assert digest(b"ab", b"c") != digest(b"a", b"bc")
