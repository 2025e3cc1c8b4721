from __future__ import annotations

from typing import Any

import pytest

from engine.chat import ChatRequest, Output, Reasoning, Text, Tool, ToolChoice
from engine.formats.openai_responses.write_echo import write_echo


@pytest.mark.parametrize(
    ("fields", "key", "value"),
    [
        ({}, "instructions", None),
        ({}, "temperature", 1.0),
        ({}, "tool_choice", "auto"),
        ({}, "parallel_tool_calls", True),
        ({}, "text", {"format": {"type": "text"}}),
        ({}, "tools", []),
        ({"system": [Text("a"), Text("b")]}, "instructions", "a\n\nb"),
        ({"temperature": 0.0}, "temperature", 0.0),
        ({"top_p": 0.5}, "top_p", 0.5),
        ({"parallel": False}, "parallel_tool_calls", False),
        ({"max_tokens": 5}, "max_output_tokens", 5),
        ({"metadata": {"a": "b"}}, "metadata", {"a": "b"}),
        ({"output": Output("json"), "verbosity": "low"}, "text", {"format": {"type": "json_object"}, "verbosity": "low"}),
        ({"reasoning": Reasoning("low", show=True)}, "reasoning", {"effort": "low", "summary": "auto"}),
        (
            {"tools": [Tool("c", kind="custom")], "choice": ToolChoice("one", ["c"])},
            "tool_choice",
            {"type": "custom", "name": "c"},
        ),
        # Under the client's own name, whatever the provider was told.
        (
            {"tools": [Tool("a.b")]},
            "tools",
            [{"type": "function", "name": "a.b", "parameters": {"type": "object", "properties": {}}, "strict": False}],
        ),
    ],
)
def test_each_field(fields: dict[str, Any], key: str, value: Any) -> None:
    assert write_echo(ChatRequest("m", **fields))[key] == value
