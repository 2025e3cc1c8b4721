from __future__ import annotations

from typing import Any

import pytest

from engine.chat import Tool, ToolChoice
from engine.faults import Fault
from engine.formats.gemini_generate.read_tools import read_choice, read_tools


@pytest.mark.parametrize(
    ("tools", "read"),
    [
        (None, []),
        ([{"functionDeclarations": [{"name": "f"}]}], [Tool("f")]),
        ({"function_declarations": [{"name": "f", "description": "d"}]}, [Tool("f", "d")]),
        ([{"functionDeclarations": [{"name": "f", "parameters": {"type": "OBJECT"}}]}], [Tool("f", "", {"type": "object"})]),
        ([{"functionDeclarations": [{"name": "f", "parameters_json_schema": {"a_b": 1}}]}], [Tool("f", "", {"a_b": 1})]),
        ([{"googleSearch": {}}], [Tool("googleSearch", kind="native", raw={"googleSearch": {}})]),
    ],
)
def test_tools(tools: Any, read: list[Tool]) -> None:
    assert read_tools({"tools": tools}) == read


@pytest.mark.parametrize(
    ("config", "choice"),
    [
        ({}, ToolChoice("auto")),
        ({"mode": "AUTO"}, ToolChoice("auto")),
        ({"mode": "any"}, ToolChoice("required")),
        ({"mode": "NONE"}, ToolChoice("none")),
        ({"mode": "ANY", "allowedFunctionNames": ["f"]}, ToolChoice("one", ["f"])),
        ({"mode": "ANY", "allowed_function_names": ["f", "g"]}, ToolChoice("some", ["f", "g"], required=True)),
        ({"mode": "VALIDATED", "allowedFunctionNames": ["f"]}, ToolChoice("some", ["f"])),
    ],
)
def test_choices(config: dict[str, Any], choice: ToolChoice) -> None:
    assert read_choice({"toolConfig": {"function_calling_config": config}}) == choice
    assert read_choice({}) is None


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"tools": 3}, "tools"),
        ({"tools": [{"functionDeclarations": [{}]}]}, "tools[0].functionDeclarations[0].name"),
        ({"toolConfig": {"functionCallingConfig": {"mode": "MAYBE"}}}, "toolConfig.functionCallingConfig.mode"),
    ],
)
def test_what_is_malformed_is_named(document: dict[str, Any], place: str) -> None:
    with pytest.raises(Fault) as caught:
        (read_tools(document), read_choice(document))
    assert caught.value.param == place
