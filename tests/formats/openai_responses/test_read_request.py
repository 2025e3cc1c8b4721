from __future__ import annotations

from typing import Any

import pytest

from engine.chat import Asked, ChatRequest, Message, Output, Reasoning, Text, Tool, ToolChoice
from engine.faults import Fault
from engine.formats.losses import Losses
from engine.formats.noting import note_request
from engine.formats.openai_responses import FORMAT


def read(document: dict[str, Any]) -> ChatRequest:
    return FORMAT.read_request(document, Asked("m", False, b"", document))


@pytest.mark.parametrize(("given", "messages"), [(None, []), ("", []), ("hi", [Message("user", [Text("hi")])])])
def test_input_may_be_a_string(given: Any, messages: list[Message]) -> None:
    assert read({"input": given}).messages == messages


def test_instructions_come_before_leading_system_items() -> None:
    chat = read({"instructions": "a", "input": [
        {"role": "developer", "content": "b"}, {"role": "user", "content": "hi"}, {"role": "system", "content": "c"},
    ]})  # fmt: skip
    assert chat.system == [Text("a"), Text("b")]
    assert [message.role for message in chat.messages] == ["user", "system"]


@pytest.mark.parametrize(
    ("document", "field", "value"),
    [
        ({"max_output_tokens": 9}, "max_tokens", 9),
        ({"temperature": 1.5}, "temperature", 1.5),
        ({"top_p": 0.5}, "top_p", 0.5),
        ({"parallel_tool_calls": False}, "parallel", False),
        ({"include": ["message.output_text.logprobs"], "top_logprobs": 3}, "top_logprobs", 3),
        ({"include": ["message.output_text.logprobs"]}, "logprobs", True),
        ({"include": ["reasoning.encrypted_content"]}, "logprobs", None),
        ({"text": {"verbosity": "low"}}, "verbosity", "low"),
        ({"text": {"format": {"type": "text"}}}, "output", None),
        ({"text": {"format": {"type": "json_object"}}}, "output", Output("json")),
        (
            {"text": {"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": True}}},
            "output",
            Output("schema", {"type": "object"}, "n", "", True),
        ),
        ({"reasoning": {"effort": "low"}}, "reasoning", Reasoning("low")),
        ({"reasoning": {"effort": None, "summary": "auto"}}, "reasoning", Reasoning("", show=True)),
        ({"reasoning": {"generate_summary": "concise"}}, "reasoning", Reasoning("", show=True)),
        ({"user": "u", "safety_identifier": "s"}, "user", "s"),
        ({"prompt_cache_key": "k"}, "cache_key", "k"),
        ({"metadata": {"a": "b"}}, "metadata", {"a": "b"}),
        ({"service_tier": "flex"}, "service_tier", "flex"),
        ({"tools": [{"type": "function", "name": "f"}]}, "tools", [Tool("f")]),
        ({"tool_choice": "none"}, "choice", ToolChoice("none")),
    ],
)
def test_each_field(document: dict[str, Any], field: str, value: Any) -> None:
    assert getattr(read(document), field) == value


@pytest.mark.parametrize(
    ("document", "rest"),
    [
        ({"store": False, "background": False, "truncation": "disabled", "stream_options": {"include_obfuscation": False}}, {}),
        ({"store": True, "truncation": "auto"}, {"store": True, "truncation": "auto"}),
        ({"previous_response_id": "resp_1", "conversation": None}, {"previous_response_id": "resp_1"}),
        ({"include": ["reasoning.encrypted_content", "web_search_call.results"]}, {"include": ["web_search_call.results"]}),
        ({"input": [{"type": "item_reference", "id": "msg_1"}]}, {"item_reference": ["msg_1"]}),
    ],
)
def test_the_rest_is_what_only_this_format_has(document: dict[str, Any], rest: dict[str, Any]) -> None:
    assert read(document).rest == rest


@pytest.mark.parametrize("field", ["previous_response_id", "conversation", "prompt", "background"])
def test_state_at_the_provider_is_refused_elsewhere(field: str) -> None:
    with pytest.raises(Fault) as caught:
        note_request(read({field: "x", "input": "hi"}), Losses("openai_chat", "drop"))
    assert (caught.value.code, caught.value.param) == ("unsupported", field)


def test_an_item_that_is_kept_at_the_provider_is_refused_elsewhere() -> None:
    with pytest.raises(Fault):
        note_request(read({"input": [{"type": "item_reference", "id": "x"}]}), Losses("openai_chat"))


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"input": [{"role": "user", "content": 1}]}, "input[0].content"),
        ({"input": [1]}, "input[0]"),
        ({"input": [{"type": [1]}]}, "input[0].type"),
        ({"input": [{"role": "robot", "content": "x"}]}, "input[0].role"),
        ({"input": [{"content": "x"}]}, "input[0].role"),
        ({"input": [{"type": "function_call", "call_id": "c"}]}, "input[0].name"),
        ({"input": [{"type": "function_call_output", "output": "x"}]}, "input[0].call_id"),
        ({"input": [{"role": "user", "content": [{"type": "odd"}]}]}, "input[0].content[0].type"),
        ({"instructions": 1}, "instructions"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"text": {"format": {"type": "xml"}}}, "text.format.type"),
        ({"tools": [{"type": "function"}]}, "tools[0].name"),
        ({"tool_choice": "maybe"}, "tool_choice"),
        ({"reasoning": "high"}, "reasoning"),
    ],
)
def test_what_is_malformed_is_named(document: dict[str, Any], place: str) -> None:
    with pytest.raises(Fault) as caught:
        read(document)
    assert (caught.value.code, caught.value.param) == ("invalid_body", place)
