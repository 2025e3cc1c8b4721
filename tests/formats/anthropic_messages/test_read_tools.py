from __future__ import annotations

from typing import Any

import pytest

from engine.chat import Tool, ToolChoice
from engine.faults import Fault
from engine.formats.anthropic_messages.read_tools import read_choice, read_tools

SCHEMA = {"type": "object"}


@pytest.mark.parametrize(
    ("tool", "read"),
    [
        ({"name": "f", "input_schema": SCHEMA}, Tool("f", "", SCHEMA)),
        (
            {"type": "custom", "name": "f", "description": "d", "input_schema": SCHEMA, "strict": True,
             "cache_control": {"type": "ephemeral"}},
            Tool("f", "d", SCHEMA, strict=True, cache="5m"),
        ),
        ({"type": "bash_20250124", "name": "bash"}, Tool("bash", kind="native", raw={"type": "bash_20250124", "name": "bash"})),
    ],
)  # fmt: skip
def test_tools(tool: dict[str, Any], read: Tool) -> None:
    assert read_tools({"tools": [tool]}) == [read]
    assert read_tools({}) == []


@pytest.mark.parametrize(
    ("given", "choice"),
    [
        ({}, None),
        ({"type": "auto"}, ToolChoice("auto")),
        ({"type": "none"}, ToolChoice("none")),
        ({"type": "any"}, ToolChoice("required")),
        ({"type": "tool", "name": "f"}, ToolChoice("one", ["f"])),
    ],
)
def test_choices(given: dict[str, Any], choice: ToolChoice | None) -> None:
    assert read_choice(given) == choice


@pytest.mark.parametrize(("tool", "place"), [({}, "tools[0].name"), ({"name": "f"}, "tools[0].input_schema"), (3, "tools[0]")])
def test_what_is_malformed_is_named(tool: Any, place: str) -> None:
    with pytest.raises(Fault) as caught:
        read_tools({"tools": [tool]})
    assert caught.value.param == place
