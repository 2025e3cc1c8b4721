from __future__ import annotations

from typing import Any

import pytest

from engine.chat import ChatRequest, Message, Output, Reasoning, Seal, Text, Thinking
from engine.formats.format import Habits
from engine.formats.losses import Losses
from engine.formats.openai_responses import FORMAT

NAME = "openai_responses"


def write(**fields: Any) -> tuple[dict[str, Any], str]:
    losses = Losses(NAME)
    return FORMAT.write_request(ChatRequest("gpt-5", **fields), losses, Habits()), losses.told()


def test_nothing_is_kept_at_the_provider() -> None:
    assert write()[0] == {"model": "gpt-5", "input": [], "store": False}


@pytest.mark.parametrize(
    ("fields", "written"),
    [
        ({"system": [Text("a"), Text(""), Text("b")]}, {"instructions": "a\n\nb"}),
        ({"max_tokens": 5}, {"max_output_tokens": 16}),
        ({"max_tokens": 50}, {"max_output_tokens": 50}),
        ({"temperature": 0.0, "top_p": 0.5}, {"temperature": 0.0, "top_p": 0.5}),
        ({"logprobs": True, "top_logprobs": 2}, {"include": ["message.output_text.logprobs"], "top_logprobs": 2}),
        ({"verbosity": "low"}, {"text": {"verbosity": "low"}}),
        (
            {"output": Output("schema", {"type": "object"}, strict=True)},
            {"text": {"format": {"type": "json_schema", "name": "answer", "schema": {"type": "object"}, "strict": True}}},
        ),
        (
            {"reasoning": Reasoning("high", show=True)},
            {"reasoning": {"effort": "high", "summary": "auto"}, "include": ["reasoning.encrypted_content"]},
        ),
        ({"reasoning": Reasoning("low")}, {"reasoning": {"effort": "low"}, "include": ["reasoning.encrypted_content"]}),
        ({"reasoning": Reasoning("none", 0)}, {"reasoning": {"effort": "none"}}),
        (
            {"reasoning": Reasoning(budget=-1, show=True)},
            {"reasoning": {"summary": "auto"}, "include": ["reasoning.encrypted_content"]},
        ),
        ({"service_tier": "standard_only"}, {"service_tier": "default"}),
        ({"service_tier": "flex"}, {"service_tier": "flex"}),
        (
            {"user": "u", "metadata": {"a": "b"}, "cache_key": "k"},
            {"user": "u", "metadata": {"a": "b"}, "prompt_cache_key": "k"},
        ),
        ({"stream": True, "stop": ["x"], "seed": 1, "parallel": False}, {"stream": True}),
    ],
)
def test_each_field(fields: dict[str, Any], written: dict[str, Any]) -> None:
    document, told = write(**fields)
    assert document == {"model": "gpt-5", "input": [], "store": False, **written}
    assert told == ""


def test_a_budget_becomes_an_effort() -> None:
    document, told = write(reasoning=Reasoning(budget=9000))
    assert (document["reasoning"], told) == ({"effort": "medium"}, "changed=budget")


def test_for_any_json_the_system_stands_in_the_input() -> None:
    """The service looks for the word JSON there only."""
    document, _ = write(system=[Text("Give JSON.")], output=Output("json"))
    assert "instructions" not in document
    assert document["input"] == [
        {"type": "message", "role": "system", "content": [{"type": "input_text", "text": "Give JSON."}]}
    ]


def test_thoughts_of_the_history_ask_for_more() -> None:
    turn = Message("assistant", [Thinking("", Seal(NAME, "S")), Text("a")])
    assert write(messages=[turn])[0]["include"] == ["reasoning.encrypted_content"]
    turn = Message("assistant", [Thinking("", Seal("anthropic_messages", "S")), Text("a")])
    assert "include" not in write(messages=[turn])[0]
