from __future__ import annotations

from typing import Any

import pytest

from engine.chat import Tool, ToolChoice
from engine.faults import Fault
from engine.formats.openai_chat.read_tools import read_choice, read_tools

SCHEMA = {"type": "object", "properties": {}}


@pytest.mark.parametrize(
    ("document", "tools"),
    [
        ({}, []),
        ({"tools": None}, []),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, [Tool("f")]),
        (
            {
                "tools": [
                    {"type": "function", "function": {"name": "f", "description": "d", "parameters": SCHEMA, "strict": True}}
                ]
            },
            [Tool("f", "d", SCHEMA, strict=True)],
        ),
        (
            {"tools": [{"type": "custom", "custom": {"name": "c", "format": {"type": "text"}}}]},
            [Tool("c", kind="custom", raw={"type": "text"})],
        ),
        ({"tools": [{"type": "web_search", "x": 1}]}, [Tool("web_search", kind="native", raw={"type": "web_search", "x": 1})]),
        ({"functions": [{"name": "f", "parameters": SCHEMA}]}, [Tool("f", "", SCHEMA)]),
    ],
)
def test_tools(document: dict[str, Any], tools: list[Tool]) -> None:
    assert read_tools(document) == tools


NAMED = {"type": "function", "function": {"name": "f"}}


@pytest.mark.parametrize(
    ("document", "choice"),
    [
        ({}, None),
        ({"tool_choice": "auto"}, ToolChoice("auto")),
        ({"tool_choice": "none"}, ToolChoice("none")),
        ({"tool_choice": "required"}, ToolChoice("required")),
        ({"tool_choice": NAMED}, ToolChoice("one", ["f"])),
        ({"tool_choice": {"type": "custom", "custom": {"name": "c"}}}, ToolChoice("one", ["c"])),
        (
            {"tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [NAMED]}}},
            ToolChoice("some", ["f"], required=True),
        ),
        ({"function_call": "auto"}, ToolChoice("auto")),
        ({"function_call": {"name": "f"}}, ToolChoice("one", ["f"])),
    ],
)
def test_choices(document: dict[str, Any], choice: ToolChoice | None) -> None:
    assert read_choice(document) == choice


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"tools": {}}, "tools"),
        ({"tools": [{"type": "function"}]}, "tools[0].function"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name"),
        ({"tools": [{"type": "function", "function": {"name": "f", "parameters": []}}]}, "tools[0].function.parameters"),
        ({"tool_choice": "sometimes"}, "tool_choice"),
        ({"tool_choice": {"type": "other"}}, "tool_choice.type"),
        ({"tool_choice": []}, "tool_choice"),
        ({"tool_choice": {"type": "allowed_tools", "allowed_tools": {}}}, "tool_choice.allowed_tools.tools"),
    ],
)
def test_what_is_malformed_is_named(document: dict[str, Any], place: str) -> None:
    with pytest.raises(Fault) as caught:
        (read_tools(document), read_choice(document))
    assert caught.value.param == place
