from __future__ import annotations

from typing import Any

import pytest

from engine.chat import Call, ChatRequest, Media, Message, Piece, Refusal, Result, Seal, Text, Thinking
from engine.faults import Fault
from engine.formats.anthropic_messages.write_messages import write_messages
from engine.formats.losses import Losses

NAME = "anthropic_messages"


def wrote(*messages: Message) -> tuple[list[dict[str, Any]], list[str]]:
    losses = Losses(NAME)
    return write_messages(ChatRequest("m", list(messages)), losses), list(losses.noted)


@pytest.mark.parametrize(
    ("piece", "blocks", "lost"),
    [
        (Text("hi", "1h"), [{"type": "text", "text": "hi", "cache_control": {"type": "ephemeral", "ttl": "1h"}}], []),
        (Text(" \n"), [], []),
        (Refusal("no"), [{"type": "text", "text": "no"}], []),
        (Media("image", "image/png", "aGk="),
         [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}], []),
        (Media("image", url="u"), [{"type": "image", "source": {"type": "url", "url": "u"}}], []),
        (Media("file", "application/pdf", "aGk=", name="T"), [
            {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "aGk="}, "title": "T"}],
         []),
        (Media("file", "text/csv", "aGk="),
         [{"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "hi"}}], []),
        (Call("a", "f", '{"x":1}'), [{"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}}], []),
        (Call("a", "f", "[1"), [{"type": "tool_use", "id": "a", "name": "f", "input": {"_raw": "[1"}}], ["arguments"]),
        (Result("a", pieces=[Text("x")]), [{"type": "tool_result", "tool_use_id": "a", "content": "x"}], []),
        (Result("a", is_error=True), [{"type": "tool_result", "tool_use_id": "a", "is_error": True}], []),
        (Thinking("hm", Seal(NAME, "S")), [{"type": "thinking", "thinking": "hm", "signature": "S"}], []),
        (Thinking("", Seal(NAME, "D"), redacted=True), [{"type": "redacted_thinking", "data": "D"}], []),
        (Thinking("hm", Seal("gemini_generate", "S")), [], ["thinking"]),
        (Thinking("hm"), [], ["thinking"]),
    ],
)  # fmt: skip
def test_blocks(piece: Piece, blocks: list[dict[str, Any]], lost: list[str]) -> None:
    made, noted = wrote(Message("user", [piece]))
    assert made == ([{"role": "user", "content": blocks}] if blocks else [])
    assert noted == lost


@pytest.mark.parametrize(
    ("media", "code"),
    [
        (Media("image", "image/heic", "aGk="), "unsupported"),
        (Media("file", "application/zip", "aGk="), "unsupported"),
        (Media("file", "text/plain", "/w=="), "invalid_body"),
    ],
)
def test_media_that_cannot_be_sent(media: Media, code: str) -> None:
    with pytest.raises(Fault) as caught:
        wrote(Message("user", [media]))
    assert caught.value.code == code


def test_turns_of_one_role_are_joined_and_results_stand_first() -> None:
    made, _ = wrote(
        Message("user", [Text("a")]), Message("system", [Text("b")]), Message("assistant", []),
        Message("user", [Text("c"), Result("x", pieces=[Text("1")])]),
    )  # fmt: skip
    assert len(made) == 1
    assert [block.get("text", block["type"]) for block in made[0]["content"]] == ["tool_result", "a", "b", "c"]


def test_a_foreign_id_is_fitted_alike_in_call_and_result() -> None:
    made, _ = wrote(Message("assistant", [Call("functions.f:0", "f")]), Message("user", [Result("functions.f:0")]))
    assert made[0]["content"][0]["id"] == made[1]["content"][0]["tool_use_id"] != "functions.f:0"
