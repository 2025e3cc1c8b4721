from __future__ import annotations

from typing import Any

import pytest

from engine.chat import Tool, ToolChoice
from engine.formats.openai_responses.read_tools import read_choice, read_tools


@pytest.mark.parametrize(
    ("tool", "read"),
    [
        (
            {"type": "function", "name": "f", "description": "d", "parameters": {"type": "object"}, "strict": True},
            Tool("f", "d", {"type": "object"}, True),
        ),
        ({"type": "function", "name": "f", "parameters": None, "strict": None}, Tool("f")),
        (
            {"type": "custom", "name": "c", "format": {"type": "text"}},
            Tool("c", kind="custom", raw={"type": "text"}),
        ),
        ({"type": "web_search"}, Tool("web_search", kind="native", raw={"type": "web_search"})),
    ],
)
def test_each_tool(tool: dict[str, Any], read: Tool) -> None:
    assert read_tools({"tools": [tool]}) == [read]


@pytest.mark.parametrize(
    ("given", "choice"),
    [
        (None, None),
        ("auto", ToolChoice("auto")),
        ("required", ToolChoice("required")),
        ({"type": "function", "name": "f"}, ToolChoice("one", ["f"])),
        ({"type": "custom", "name": "f"}, ToolChoice("one", ["f"])),
        ({"type": "web_search"}, ToolChoice("one", ["web_search"])),
        (
            {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "f"}]},
            ToolChoice("some", ["f"], required=True),
        ),
        ({"type": "allowed_tools", "mode": "auto", "tools": []}, ToolChoice("some", [])),
    ],
)
def test_each_choice(given: Any, choice: ToolChoice | None) -> None:
    assert read_choice(given) == choice
