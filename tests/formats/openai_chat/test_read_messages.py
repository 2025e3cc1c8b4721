from __future__ import annotations

from typing import Any

import pytest

from engine.chat import Call, Media, Message, Piece, Refusal, Result, Seal, Text, Thinking
from engine.faults import Fault
from engine.formats.openai_chat.read_messages import read_messages
from engine.formats.seals import id_with


def turns(*messages: dict[str, Any]) -> list[Message]:
    return read_messages({"messages": list(messages)})


def call(id: str, name: str = "weather") -> dict[str, Any]:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": "{}"}}


def result(id: str, content: Any = "warm") -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": id, "content": content}


@pytest.mark.parametrize(
    ("part", "piece"),
    [
        ({"type": "text", "text": "hi"}, Text("hi")),
        ({"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}, Media("image", "image/png", "aGk=")),
        (
            {"type": "image_url", "image_url": {"url": "https://a.example/x.png", "detail": "low"}},
            Media("image", "image/png", url="https://a.example/x.png", detail="low"),
        ),
        ({"type": "image_url", "image_url": "https://a.example/x"}, Media("image", url="https://a.example/x")),
        ({"type": "input_audio", "input_audio": {"data": "aGk=", "format": "mp3"}}, Media("audio", "audio/mpeg", "aGk=")),
        (
            {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,aGk="}},
            Media("file", "application/pdf", "aGk=", name="a.pdf"),
        ),
        ({"type": "file", "file": {"file_data": "aGk=", "filename": "a.csv"}}, Media("file", "text/csv", "aGk=", name="a.csv")),
        ({"type": "file", "file": {"file_id": "file-1"}}, Media("file", file_id="file-1")),
        ({"type": "refusal", "refusal": "no"}, Refusal("no")),
    ],
)
def test_parts(part: dict[str, Any], piece: Piece) -> None:
    assert turns({"role": "user", "content": [part]}) == [Message("user", [piece])]


@pytest.mark.parametrize("content", [None, "", []])
def test_nothing_said_is_no_piece(content: Any) -> None:
    assert turns({"role": "assistant", "content": content}) == [Message("assistant")]


def test_results_of_a_turn_are_one_turn_with_what_is_said_behind_them() -> None:
    assistant = {"role": "assistant", "content": None, "tool_calls": [call("a"), call("b", "time")]}
    made = turns(assistant, result("b"), result("a", [{"type": "text", "text": "cold"}]), {"role": "user", "content": "and?"})
    assert made[0].pieces == [Call("a", "weather", "{}"), Call("b", "time", "{}")]
    assert made[1].pieces == [Result("b", "time", [Text("warm")]), Result("a", "weather", [Text("cold")]), Text("and?")]
    assert len(made) == 2


def test_two_things_that_a_user_says_in_a_row_stay_apart() -> None:
    assert len(turns({"role": "user", "content": "a"}, {"role": "user", "content": "b"})) == 2


def test_a_seal_behind_an_id_is_the_calls() -> None:
    seal = Seal("gemini_generate", "QQ==")
    sealed = id_with("call_1", seal)
    first, second = turns({"role": "assistant", "tool_calls": [call(sealed)]}, result(sealed))
    assert first.pieces == [Call("call_1", "weather", "{}", seal=seal)]
    assert second.pieces == [Result("call_1", "weather", [Text("warm")])]


def test_thoughts_come_back_with_their_seals_before_all_else() -> None:
    details = [
        {"type": "reasoning.text", "text": "hm", "signature": "S", "format": "anthropic_messages", "index": 0},
        {"type": "reasoning.encrypted", "data": "D", "format": "anthropic_messages", "index": 1},
        {"type": "reasoning.text"},
        "odd",
    ]
    (turn,) = turns({"role": "assistant", "content": "x", "reasoning_content": "hm", "reasoning_details": details})
    assert turn.pieces == [
        Thinking("hm", Seal("anthropic_messages", "S")),
        Thinking("", Seal("anthropic_messages", "D"), redacted=True),
        Text("x"),
    ]


def test_other_variants_of_an_assistants_turn() -> None:
    custom = {"id": "c", "type": "custom", "custom": {"name": "run", "input": "ls"}}
    assert turns({"role": "assistant", "tool_calls": [custom]})[0].pieces == [Call("c", "run", "ls", custom=True)]
    legacy = {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}}
    made = turns(legacy, {"role": "function", "name": "f", "content": "1"})
    assert made[0].pieces == [Call("call_f", "f", "{}")]
    assert made[1].pieces == [Result("call_f", "f", [Text("1")])]
    assert turns({"role": "assistant", "refusal": "no"})[0].pieces == [Refusal("no")]
    (named,) = turns({"role": "developer", "content": "x", "name": "ops"})
    assert (named.role, named.developer, named.name) == ("system", True, "ops")


@pytest.mark.parametrize(
    ("message", "place"),
    [
        ({"content": "x"}, "messages[0].role"),
        ({"role": "robot"}, "messages[0].role"),
        ({"role": "user", "content": 3}, "messages[0].content"),
        ({"role": "user", "content": ["x"]}, "messages[0].content[0]"),
        ({"role": "user", "content": [{"type": "hologram"}]}, "messages[0].content[0].type"),
        ({"role": "user", "content": [{"type": "text"}]}, "messages[0].content[0].text"),
        (
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png,x"}}]},
            "messages[0].content[0].image_url.url",
        ),
        ({"role": "tool", "content": "x"}, "messages[0].tool_call_id"),
        ({"role": "assistant", "tool_calls": [{"id": "a", "function": {}}]}, "messages[0].tool_calls[0].function.name"),
        ({"role": "assistant", "tool_calls": [{"function": {"name": "f"}}]}, "messages[0].tool_calls[0].id"),
    ],
)
def test_what_is_malformed_is_named(message: dict[str, Any], place: str) -> None:
    with pytest.raises(Fault) as caught:
        turns(message)
    assert caught.value.param == place
