from __future__ import annotations

from typing import Any

import orjson
import pytest

from engine.faults import Fault
from engine.formats.openai_chat.check import CHECKED


def said(check: str, body: bytes | dict[str, Any]) -> str:
    """What is said of it; "" when it passes."""
    try:
        CHECKED[check](body if isinstance(body, bytes) else orjson.dumps(body), {}, "", "")
    except Fault as fault:
        return fault.message if fault.code == "invalid_field" else fault.code
    return ""


FUNCTION = {"type": "function", "function": {"name": "f"}}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "invalid_json"),
        (b"[]", "invalid_body"),
        ({}, "missing 'messages' field in request"),
        (b'{"messages":[],"model":"a","model":"b"}', "invalid_body"),
        ({"tools": {}}, "invalid 'tools' format: must be an array"),
        ({"tools": [FUNCTION, 1]}, "invalid 'tools' format: each tool must have type 'function' and a 'function' object"),
        ({"tools": [FUNCTION], "tool_choice": FUNCTION}, ""),
        ({"tool_choice": []}, "invalid 'tool_choice': must be a string or function object"),
        ({"stream": 0}, "invalid 'stream' field: must be boolean"),
        ({"messages": None}, ""),
    ],
)
def test_the_first_thing_that_is_wrong(body: Any, says: str) -> None:
    whole = {"messages": [], **body} if isinstance(body, dict) and body else body
    assert said("chat", whole) == says


def test_a_model_that_is_no_text_is_none() -> None:
    for model, read in ((3, ""), (None, ""), ({"a": 1}, ""), ("", ""), ("m", "m")):
        asked = CHECKED["chat"](orjson.dumps({"messages": [], "model": model, "stream": True}), {}, "", "")
        assert (asked.model, asked.stream) == (read, True)


NEEDS = "content part at index 0 of type '{}' needs a text in"


def message(content: Any, **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": content, **more}]}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"messages": "x"}, "invalid 'messages' format: must be an array"),
        ({"messages": [{}, 1]}, "invalid message at index 1: must be an object"),
        ({"messages": [{"role": "user"}]}, ""),
        (message("x"), ""),
        (message(None), "invalid content format: must be a string or an array"),
        (message(None, tool_calls=[{}]), ""),
        (message([]), "content array cannot be empty"),
        (message([1]), "content part at index 0 must be an object"),
        (message([{"type": "text", "text": "a"}, {}]), "content part at index 1 missing 'type' field"),
        (message([{"type": "x"}]), "unknown content type 'x' at index 0"),
        (message([{"type": "text"}]), f"{NEEDS.format('text')} 'text'"),
        (message([{"type": "image_url", "image_url": {"url": "u", "detail": "low"}}]), ""),
        (message([{"type": "image_url", "image_url": "u"}]), f"{NEEDS.format('image_url')} 'image_url.url'"),
        (message([{"type": "file_url"}]), ""),
        (
            message([{"type": "input_audio", "input_audio": {"data": "d"}}]),
            f"{NEEDS.format('input_audio')} 'input_audio.format'",
        ),
    ],
)
def test_every_part_of_every_message(body: dict[str, Any], says: str) -> None:
    assert said("content", body) == says
