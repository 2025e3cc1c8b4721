from __future__ import annotations

from typing import Any

import pytest

from engine.chat import Output, Reasoning, Text
from engine.faults import Fault
from tests.tools.wired import read

MESSAGES = "anthropic_messages"
USER = {"role": "user", "content": "hi"}


def request(**fields: Any) -> dict[str, Any]:
    return {"model": "m", "max_tokens": 5, "messages": [USER], **fields}


@pytest.mark.parametrize(
    ("fields", "field", "value"),
    [
        ({}, "max_tokens", 5),
        ({"system": "a"}, "system", [Text("a")]),
        ({"system": ""}, "system", []),
        (
            {"system": [{"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]},
            "system",
            [Text("a", "1h")],
        ),
        ({"temperature": 1, "top_p": 0.5}, "temperature", 1),
        ({"top_k": 3}, "top_k", 3),
        ({"stop_sequences": ["a"]}, "stop", ["a"]),
        ({"metadata": {"user_id": "u"}}, "user", "u"),
        ({"thinking": {"type": "enabled", "budget_tokens": 2048}}, "reasoning", Reasoning("", 2048, show=True)),
        ({"thinking": {"type": "adaptive", "display": "omitted"}}, "reasoning", Reasoning("", -1, show=False)),
        ({"thinking": {"type": "disabled"}}, "reasoning", Reasoning("none", 0)),
        ({"output_config": {"effort": "low"}}, "reasoning", Reasoning("low")),
        ({"output_config": {"format": {"type": "json_schema", "schema": {"a": 1}}}}, "output", Output("schema", {"a": 1})),
        ({"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}}, "parallel", False),
        ({"service_tier": "auto"}, "service_tier", "auto"),
        ({"container": "c", "speed": None}, "rest", {"container": "c"}),
    ],
)
def test_fields(fields: dict[str, Any], field: str, value: object) -> None:
    assert getattr(read(MESSAGES, request(**fields)), field) == value


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"max_tokens": None}, "max_tokens"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"system": 3}, "system"),
        ({"system": [{"type": "image"}]}, "system[0].type"),
        ({"thinking": {"type": "enabled"}}, "thinking.budget_tokens"),
        ({"thinking": {}}, "thinking.type"),
        ({"output_config": {"format": {"type": "xml"}}}, "output_config.format.type"),
        ({"metadata": []}, "metadata"),
        ({"tool_choice": {"type": "maybe"}}, "tool_choice.type"),
    ],
)
def test_what_is_malformed_is_named(fields: dict[str, Any], place: str) -> None:
    with pytest.raises(Fault) as caught:
        read(MESSAGES, request(**fields))
    assert (caught.value.code, caught.value.param) == ("invalid_body", place)
