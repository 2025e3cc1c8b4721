from __future__ import annotations

from typing import Any

import pytest

from engine.chat import Call, ChatRequest, Message, Output, Reasoning, Result, Seal, Text, Thinking, Tool
from tests.tools.wired import read, write

MESSAGES = "anthropic_messages"
MODEL = "claude-sonnet-4-5"
SCHEMA = {"type": "object", "properties": {}}


def chat(**fields: Any) -> ChatRequest:
    return ChatRequest(MODEL, [Message("user", [Text("hi")])], **{"max_tokens": 9000, **fields})


@pytest.mark.parametrize(
    ("fields", "written", "lost"),
    [
        ({}, {}, []),
        ({"max_tokens": None}, {"max_tokens": 4096}, []),
        ({"system": [Text("a", "1h"), Text("")]}, {"system": [
            {"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]}, []),
        ({"temperature": 1.5, "top_k": 3}, {"temperature": 1.0, "top_k": 3}, ["temperature"]),
        ({"temperature": 0.0, "top_p": 0.5}, {"temperature": 0.0, "top_p": 0.5}, []),
        ({"stop": ["a", " \n"]}, {"stop_sequences": ["a"]}, []),
        ({"user": "u", "stream": True}, {"metadata": {"user_id": "u"}, "stream": True}, []),
        ({"service_tier": "flex"}, {"service_tier": "standard_only"}, []),
        ({"service_tier": "fast"}, {}, []),
        ({"output": Output("schema", SCHEMA)}, {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}}, []),
        ({"reasoning": Reasoning("low"), "temperature": 0.5}, {"thinking": {"type": "enabled", "budget_tokens": 2048}},
         ["effort", "sampling_thinking"]),
    ],
)  # fmt: skip
def test_fields(fields: dict[str, Any], written: dict[str, Any], lost: list[str]) -> None:
    document, noted = write(MESSAGES, chat(**fields))
    base = {"model": MODEL, "max_tokens": 9000, "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]}
    assert document == base | written
    assert noted == lost


def test_any_json_is_asked_for_in_words() -> None:
    document, _ = write(MESSAGES, chat(output=Output("json")))
    assert "JSON" in document["system"][0]["text"]


@pytest.mark.parametrize("own", [True, False])
def test_a_turn_that_lost_its_thoughts_thinks_no_more(own: bool) -> None:
    thought = [Thinking("hm", Seal(MESSAGES, "S"))] if own else []
    turn = [Message("assistant", [*thought, Call("a", "f", "{}")]), Message("user", [Result("a", pieces=[Text("1")])])]
    asked = chat(reasoning=Reasoning(budget=2048))
    asked.messages += turn
    document, lost = write(MESSAGES, asked)
    assert ("thinking" in document) is own
    assert lost == ([] if own else ["thinking_lost"])


def test_what_is_written_is_read_as_the_same() -> None:
    asked = chat(system=[Text("a", "5m")], tools=[Tool("f", "d", SCHEMA, strict=True)], top_p=0.5, top_k=3, stop=["x"],
                 output=Output("schema", SCHEMA), user="u", service_tier="auto")  # fmt: skip
    back = read(MESSAGES, write(MESSAGES, asked)[0])
    back.model, back.stream = asked.model, asked.stream
    assert back == asked
