from __future__ import annotations

from typing import Any

import pytest

from engine.chat import Call, Media, Message, Native, Piece, Result, Seal, Text, Thinking
from engine.faults import Fault
from engine.formats.anthropic_messages.read_messages import cache_of, read_messages

NAME = "anthropic_messages"


def turns(*messages: dict[str, Any]) -> list[Message]:
    return read_messages({"messages": list(messages)})


def source(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, **more}


@pytest.mark.parametrize(
    ("block", "piece"),
    [
        ({"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}, Text("hi", "5m")),
        ({"type": "image", "source": source("base64", media_type="image/png", data="aGk=")},
         Media("image", "image/png", "aGk=")),
        ({"type": "image", "source": source("url", url="https://a.example/x.gif")},
         Media("image", "image/gif", url="https://a.example/x.gif")),
        ({"type": "document", "source": source("base64", media_type="application/pdf", data="aGk="), "title": "T"},
         Media("file", "application/pdf", "aGk=", name="T")),
        ({"type": "document", "source": source("file", file_id="f1")}, Media("file", file_id="f1")),
        ({"type": "document", "title": "T", "source": source("text", media_type="text/plain", data="x")}, Text("T\nx")),
        ({"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}}, Call("a", "f", '{"x":1}')),
        ({"type": "thinking", "thinking": "hm", "signature": "S"}, Thinking("hm", Seal(NAME, "S"))),
        ({"type": "thinking", "thinking": "", "signature": "gw1.gemini_generate.QUJD"},
         Thinking("", Seal("gemini_generate", "ABC"))),
        ({"type": "redacted_thinking", "data": "D"}, Thinking("", Seal(NAME, "D"), redacted=True)),
        ({"type": "server_tool_use", "id": "s"}, Native(NAME, {"type": "server_tool_use", "id": "s"})),
    ],
)  # fmt: skip
def test_blocks(block: dict[str, Any], piece: Piece) -> None:
    assert turns({"role": "assistant", "content": [block]}) == [Message("assistant", [piece])]


@pytest.mark.parametrize(
    ("more", "result"),
    [
        ({"content": "warm"}, Result("a", "f", [Text("warm")])),
        ({}, Result("a", "f")),
        ({"content": "x", "is_error": True}, Result("a", "f", [Text("x")], is_error=True)),
        (
            {"content": [{"type": "image", "source": source("base64", media_type="image/png", data="aGk=")}]},
            Result("a", "f", [Media("image", "image/png", "aGk=")]),
        ),
        ({"content": [{"type": "odd", "x": 1}]}, Result("a", "f", [Text('{"type":"odd","x":1}')])),
    ],
)
def test_results_know_the_name_of_their_call(more: dict[str, Any], result: Result) -> None:
    call = {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "f", "input": {}}]}
    _, turn = turns(call, {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", **more}]})
    assert turn.pieces == [result]


def test_text_and_system_in_place() -> None:
    assert turns({"role": "user", "content": "hi"}, {"role": "system", "content": "x"}) == [
        Message("user", [Text("hi")]),
        Message("system", [Text("x")]),
    ]


def test_marks_of_what_to_cache() -> None:
    marks = [{}, {"cache_control": None}, {"cache_control": {"type": "ephemeral"}}, {"cache_control": {"ttl": "1h"}}]
    assert [cache_of(block) for block in marks] == ["", "", "5m", "1h"]


@pytest.mark.parametrize(
    ("message", "place"),
    [
        ({"role": "tool", "content": "x"}, "messages[0].role"),
        ({"role": "user"}, "messages[0].content"),
        ({"role": "user", "content": [{}]}, "messages[0].content[0].type"),
        ({"role": "user", "content": [{"type": "image", "source": {"type": "ftp"}}]}, "messages[0].content[0].source.type"),
        ({"role": "assistant", "content": [{"type": "tool_use", "id": "a"}]}, "messages[0].content[0].name"),
        ({"role": "user", "content": [{"type": "tool_result"}]}, "messages[0].content[0].tool_use_id"),
    ],
)
def test_what_is_malformed_is_named(message: dict[str, Any], place: str) -> None:
    with pytest.raises(Fault) as caught:
        turns(message)
    assert caught.value.param == place
