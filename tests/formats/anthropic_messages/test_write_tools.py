from __future__ import annotations

from typing import Any

import pytest

from engine.chat import ChatRequest, Tool, ToolChoice
from engine.formats.anthropic_messages.write_tools import write_tools
from engine.formats.losses import Losses

EMPTY = {"type": "object", "properties": {}}


def wrote(*tools: Tool, thinks: bool = False, **fields: Any) -> tuple[dict[str, Any], list[str]]:
    losses, document = Losses("anthropic_messages"), {}
    write_tools(document, ChatRequest("m", tools=list(tools), **fields), thinks, losses)
    return document, list(losses.noted)


@pytest.mark.parametrize(
    ("tool", "written", "lost"),
    [
        (Tool("f"), {"name": "f", "input_schema": EMPTY}, []),
        (Tool("f", "d", {"type": "object", "required": ["a"]}, strict=False),
         {"name": "f", "description": "d", "input_schema": {**EMPTY, "required": ["a"]}, "strict": False}, []),
        (Tool("f", schema={"anyOf": [], "properties": {"a": {}}}), {"name": "f", "input_schema": {
            "type": "object", "properties": {"a": {}}}}, ["tool_schema"]),
        (Tool("f", schema={"type": "string"}), {"name": "f", "input_schema": EMPTY}, ["tool_schema"]),
        (Tool("f", cache="5m"), {"name": "f", "input_schema": EMPTY, "cache_control": {"type": "ephemeral"}}, []),
        (Tool("c", "d", kind="custom"), {"name": "c", "description": "d", "input_schema": {
            "type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]}}, []),
    ],
)  # fmt: skip
def test_tools(tool: Tool, written: dict[str, Any], lost: list[str]) -> None:
    assert wrote(tool) == ({"tools": [written]}, lost)


@pytest.mark.parametrize(
    ("choice", "parallel", "thinks", "written", "lost"),
    [
        (None, None, False, None, []),
        (None, True, False, None, []),
        (None, False, False, {"type": "auto", "disable_parallel_tool_use": True}, []),
        (ToolChoice("required"), True, False, {"type": "any", "disable_parallel_tool_use": False}, []),
        (ToolChoice("none"), False, False, {"type": "none"}, []),
        (ToolChoice("one", ["f"]), None, False, {"type": "tool", "name": "f"}, []),
        (ToolChoice("one", ["f"]), None, True, {"type": "auto"}, ["forced_call"]),
        (ToolChoice("required"), False, True, {"type": "auto", "disable_parallel_tool_use": True}, ["forced_call"]),
        (ToolChoice("auto"), None, True, {"type": "auto"}, []),
    ],
)
def test_choices(choice: ToolChoice | None, parallel: bool | None, thinks: bool, written: Any, lost: list[str]) -> None:
    document, noted = wrote(Tool("f"), thinks=thinks, choice=choice, parallel=parallel)
    assert (document.get("tool_choice"), noted) == (written, lost)


def test_of_some_only_those_are_sent() -> None:
    document, _ = wrote(Tool("f"), Tool("g"), choice=ToolChoice("some", ["g"], required=True))
    assert [tool["name"] for tool in document["tools"]] == ["g"]
    assert document["tool_choice"] == {"type": "any"}


def test_nothing_is_said_without_tools() -> None:
    assert wrote(choice=ToolChoice("required"), parallel=False) == ({}, [])


def test_the_grammar_of_free_text_is_told_in_words() -> None:
    document, _ = wrote(Tool("c", "d", kind="custom", raw={"type": "grammar"}))
    assert '{"type":"grammar"}' in document["tools"][0]["description"]
