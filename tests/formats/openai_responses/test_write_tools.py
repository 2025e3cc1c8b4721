from __future__ import annotations

from typing import Any

import pytest

from engine.chat import ChatRequest, Output, Tool, ToolChoice
from engine.formats.losses import Losses
from engine.formats.openai_responses.write_tools import write_choice, write_format, write_tool, write_tools

SCHEMA = {"type": "object", "properties": {}}


@pytest.mark.parametrize(
    ("tool", "written"),
    [
        # Without a word the provider would make the schema strict.
        (Tool("f"), {"type": "function", "name": "f", "parameters": SCHEMA, "strict": False}),
        (
            Tool("f", "d", {"type": "object"}, True),
            {"type": "function", "name": "f", "description": "d", "parameters": {"type": "object"}, "strict": True},
        ),
        (Tool("c", kind="custom", raw={"type": "text"}), {"type": "custom", "name": "c", "format": {"type": "text"}}),
        (Tool("web_search", kind="native", raw={"type": "web_search"}), {"type": "web_search"}),
    ],
)
def test_each_tool(tool: Tool, written: dict[str, Any]) -> None:
    assert write_tool(tool) == written


@pytest.mark.parametrize(
    ("choice", "written"),
    [
        (ToolChoice("auto"), "auto"),
        (ToolChoice("one", ["f"]), {"type": "function", "name": "f"}),
        (ToolChoice("one", ["c"]), {"type": "custom", "name": "c"}),
        (ToolChoice("one", ["web_search"]), {"type": "web_search"}),
        (
            ToolChoice("some", ["f"], required=True),
            {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "f"}]},
        ),
    ],
)
def test_each_choice(choice: ToolChoice, written: Any) -> None:
    assert write_choice(choice, {"f": "function", "c": "custom", "web_search": "native"}) == written


def test_neither_choice_nor_parallel_without_tools() -> None:
    document: dict[str, Any] = {}
    write_tools(document, ChatRequest("m", choice=ToolChoice("none"), parallel=False), Losses("openai_responses"))
    assert document == {}


def test_a_name_that_does_not_fit_is_told() -> None:
    document: dict[str, Any] = {}
    losses = Losses("openai_responses")
    write_tools(document, ChatRequest("m", tools=[Tool("a.b")], choice=ToolChoice("one", ["a.b"]), parallel=False), losses)
    assert document["tools"][0]["name"] == document["tool_choice"]["name"] != "a.b"
    assert document["parallel_tool_calls"] is False
    assert losses.told() == "changed=tool_name"


@pytest.mark.parametrize(
    ("output", "written"),
    [
        (None, {"type": "text"}),
        (Output("json"), {"type": "json_object"}),
        (
            Output("schema", SCHEMA, "n", "d", False),
            {"type": "json_schema", "name": "n", "schema": SCHEMA, "description": "d", "strict": False},
        ),
    ],
)
def test_each_form_of_answer(output: Output | None, written: dict[str, Any]) -> None:
    assert write_format(output) == written
