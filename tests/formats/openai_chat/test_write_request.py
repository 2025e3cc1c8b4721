from __future__ import annotations

from typing import Any

import pytest

from engine.chat import ChatRequest, Message, Output, Reasoning, Text, Tool, ToolChoice
from tests.tools.wired import read, write

CHAT = "openai_chat"
SCHEMA = {"type": "object", "properties": {}}
F = {"type": "function", "function": {"name": "f", "parameters": SCHEMA}}


def chat(**fields: Any) -> ChatRequest:
    return ChatRequest("m", [Message("user", [Text("hi")])], **fields)


@pytest.mark.parametrize(
    ("fields", "written"),
    [
        ({}, {}),
        ({"max_tokens": 5}, {"max_completion_tokens": 5}),
        ({"temperature": 0.0, "top_p": 0.5}, {"temperature": 0.0, "top_p": 0.5}),
        ({"reasoning": Reasoning("high")}, {"reasoning_effort": "high"}),
        ({"reasoning": Reasoning(budget=0)}, {"reasoning_effort": "none"}),
        ({"output": Output("json")}, {"response_format": {"type": "json_object"}}),
        (
            {"output": Output("schema", SCHEMA)},
            {"response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}}},
        ),
        ({"stream": True}, {"stream": True, "stream_options": {"include_usage": True}}),
        ({"service_tier": "standard_only"}, {"service_tier": "default"}),
        ({"service_tier": "flex"}, {"service_tier": "flex"}),
        ({"tools": [Tool("f", schema=SCHEMA)], "parallel": False}, {"tools": [F], "parallel_tool_calls": False}),
        ({"tools": [Tool("f")]}, {"tools": [F]}),
        ({"choice": ToolChoice("required"), "parallel": False}, {}),  # refused without tools
        (
            {"tools": [Tool("f")], "choice": ToolChoice("one", ["f"])},
            {"tools": [F], "tool_choice": {"type": "function", "function": {"name": "f"}}},
        ),
    ],
)
def test_fields(fields: dict[str, Any], written: dict[str, Any]) -> None:
    document, lost = write(CHAT, chat(**fields))
    assert document == {"model": "m", "messages": [{"role": "user", "content": "hi"}], **written}
    assert lost == []


def test_a_host_may_know_the_older_word_for_its_limit() -> None:
    document, _ = write(CHAT, chat(max_tokens=5), max_tokens_word="max_tokens")
    assert document["max_tokens"] == 5
    assert "max_completion_tokens" not in document


@pytest.mark.parametrize(
    ("fields", "lost", "key", "value"),
    [
        ({"stop": list("abcde")}, ["stop_count"], "stop", list("abcd")),
        ({"reasoning": Reasoning(budget=9000)}, ["budget"], "reasoning_effort", "medium"),
    ],
)
def test_what_is_changed_is_noted(fields: dict[str, Any], lost: list[str], key: str, value: object) -> None:
    document, noted = write(CHAT, chat(**fields))
    assert noted == lost
    assert document[key] == value


def test_a_renamed_tool_is_renamed_wherever_it_stands() -> None:
    document, noted = write(CHAT, chat(tools=[Tool("a b")], choice=ToolChoice("some", ["a b"])))
    name = document["tools"][0]["function"]["name"]
    assert name != "a b"
    assert document["tool_choice"]["allowed_tools"]["tools"] == [{"type": "function", "function": {"name": name}}]
    assert noted == ["tool_name"]


def test_what_is_written_is_read_as_the_same() -> None:
    asked = chat(
        system=[Text("Be brief.")], tools=[Tool("f", "d", SCHEMA, strict=True), Tool("c", kind="custom", raw={"type": "text"})],
        choice=ToolChoice("some", ["f", "c"]), parallel=False, max_tokens=9, temperature=0.5, top_p=0.5, seed=1, n=2,
        frequency_penalty=0.1, presence_penalty=0.2, logprobs=True, top_logprobs=2, stop=["x"],
        output=Output("schema", SCHEMA, "a", "d", True), reasoning=Reasoning("low"), verbosity="low", user="u",
        metadata={"a": "b"}, service_tier="flex", cache_key="k", stream=True,
    )  # fmt: skip
    assert read(CHAT, write(CHAT, asked)[0]) == asked
