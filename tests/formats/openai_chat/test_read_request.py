from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.chat import Output, Reasoning, Text
from engine.faults import Fault
from tests.tools.wired import read

CHAT = "openai_chat"
USER = {"role": "user", "content": "hi"}


def request(**fields: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [USER], **fields}


@pytest.mark.parametrize(
    ("fields", "field", "value"),
    [
        ({"max_completion_tokens": 5}, "max_tokens", 5),
        ({"max_tokens": 5}, "max_tokens", 5),
        ({"max_tokens": 5, "max_completion_tokens": 5}, "max_tokens", 5),
        ({"temperature": 0}, "temperature", 0),
        ({"top_p": 0.5}, "top_p", 0.5),
        ({"seed": 7.0}, "seed", 7),
        ({"n": 2}, "n", 2),
        ({"stop": "END"}, "stop", ["END"]),
        ({"stop": ["a", "b"]}, "stop", ["a", "b"]),
        ({"stop": None}, "stop", []),
        ({"logprobs": True}, "logprobs", True),
        ({"parallel_tool_calls": False}, "parallel", False),
        ({"reasoning_effort": "low"}, "reasoning", Reasoning("low")),
        ({"verbosity": "high"}, "verbosity", "high"),
        ({"user": "old", "safety_identifier": "new"}, "user", "new"),
        ({"metadata": {"a": "b"}}, "metadata", {"a": "b"}),
        ({"service_tier": "flex"}, "service_tier", "flex"),
        ({"prompt_cache_key": "k"}, "cache_key", "k"),
        ({"stream_options": {"include_usage": True}}, "stream_usage", True),
        ({}, "stream_usage", False),
        ({"response_format": {"type": "text"}}, "output", None),
        ({"response_format": {"type": "json_object"}}, "output", Output("json")),
        (
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "a", "schema": {"type": "object"}, "strict": True},
                }
            },
            "output",
            Output("schema", {"type": "object"}, "a", "", True),
        ),
        ({"logit_bias": {"1": 2}, "audio": None}, "rest", {"logit_bias": {"1": 2}}),
    ],
)
def test_fields(fields: dict[str, Any], field: str, value: object) -> None:
    assert getattr(read(CHAT, request(**fields)), field) == value


def test_system_text_that_leads_is_apart_from_the_conversation() -> None:
    system, developer = {"role": "system", "content": "a"}, {"role": "developer", "content": [{"type": "text", "text": "b"}]}
    chat = read(CHAT, {"model": "m", "messages": [system, developer, USER, system]})
    assert chat.system == [Text("a"), Text("b")]
    assert [message.role for message in chat.messages] == ["user", "system"]


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"max_tokens": 5, "max_completion_tokens": 6}, "max_tokens"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"temperature": "hot"}, "temperature"),
        ({"n": 0}, "n"),
        ({"stop": [1]}, "stop[0]"),
        ({"response_format": {}}, "response_format.type"),
        ({"response_format": {"type": "xml"}}, "response_format.type"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        ({"stream_options": {"include_usage": 1}}, "stream_options.include_usage"),
        ({"messages": {}}, "messages"),
        ({"messages": [3]}, "messages[0]"),
    ],
)
def test_what_is_malformed_is_named(fields: dict[str, Any], place: str) -> None:
    with pytest.raises(Fault) as caught:
        read(CHAT, request(**fields))
    assert (caught.value.code, caught.value.param) == ("invalid_body", place)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "role", "content", "name", "id"]), inner)
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(["messages", "tools", "tool_choice", "response_format", "stop", "stream_options"]), JSON)
)
def test_any_json_is_read_or_refused(document: dict[str, Any]) -> None:
    fault = None
    try:
        read(CHAT, document)
    except Fault as raised:
        fault = raised
    assert fault is None or fault.code == "invalid_body"
