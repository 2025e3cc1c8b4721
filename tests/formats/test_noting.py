from __future__ import annotations

from typing import Any

import pytest

from engine.chat import (
    Call,
    ChatRequest,
    Media,
    Message,
    Native,
    Output,
    Piece,
    Refusal,
    Result,
    Text,
    Thinking,
    Tool,
    ToolChoice,
)  # fmt: skip
from engine.faults import Fault
from engine.formats import noting
from engine.formats.losses import FEATURES, MESSAGES, Losses


class Noted(Losses):
    """Keeps every feature that is told, whatever the table says of it."""

    def __init__(self) -> None:
        super().__init__(MESSAGES)
        self.told: list[str] = []

    def note(self, feature: str, field: str = "") -> None:
        assert feature in FEATURES
        self.told.append(field or feature)


def noted(**fields: Any) -> list[str]:
    losses = Noted()
    noting.note_request(ChatRequest("m", **{"max_tokens": 5, **fields}), losses)
    return losses.told


def said(*pieces: Piece, role: Any = "user", **more: Any) -> list[str]:
    return noted(messages=[Message(role, list(pieces), **more)])


def test_what_all_formats_can_say_is_not_noted() -> None:
    pieces: list[Piece] = [Text("x"), Media("image", data="aGk="), Refusal("no"), Thinking("hm")]
    assert said(*pieces) == []
    assert noted(system=[Text("x")], tools=[Tool("f")], choice=ToolChoice("one", ["f"]), temperature=2.0, top_p=0.5) == []
    assert said(Text("first"), Call("1", "f"), role="assistant") == []


@pytest.mark.parametrize(
    ("fields", "features"),
    [
        ({"max_tokens": None}, ["max_tokens"]),
        ({"seed": 0}, ["seed"]),
        ({"top_k": 0}, ["top_k"]),
        ({"user": "", "metadata": {}}, []),
        ({"user": "u", "metadata": {"a": "b"}}, ["user", "metadata"]),
        ({"n": 1}, []),
        ({"n": 2}, ["n"]),
        ({"stop": ["x"]}, ["stop"]),
        ({"logprobs": True}, ["logprobs"]),
        ({"top_logprobs": 2}, ["logprobs"]),
        ({"logprobs": False}, []),
        ({"parallel": False}, ["parallel"]),
        ({"parallel": True}, []),
        ({"choice": ToolChoice("some", ["f"])}, ["tool_choice_some"]),
        ({"output": Output("json")}, ["json_mode"]),
        ({"output": Output("schema", {})}, []),
        ({"output": Output("schema", {}, name="x")}, ["schema_strict"]),
        ({"output": Output("schema", {}, strict=False)}, ["schema_strict"]),
        ({"tools": [Tool("f", kind="custom")]}, ["custom_tool"]),
        ({"tools": [Tool("f", kind="native")]}, ["native_tool"]),
        ({"tools": [Tool("f", strict=True, cache="5m")]}, ["tool_strict", "cache"]),
        ({"tools": [Tool("f", strict=False)]}, []),
        ({"system": [Text("x", "5m"), Text("y", "5m")]}, ["cache"]),
        ({"rest": {"logit_bias": {}, "store": False}}, ["logit_bias", "store"]),
        ({"rest": {"container": "c1"}}, ["container"]),
        ({"rest": {"background": False, "mcp_servers": []}}, []),
    ],
)
def test_fields(fields: dict[str, Any], features: list[str]) -> None:
    assert noted(**fields) == features


@pytest.mark.parametrize(
    ("piece", "features"),
    [
        (Text("x", "1h"), ["cache"]),
        (Media("image", url="https://a.example"), ["image_url"]),
        (Media("file", url="https://a.example"), ["file_url"]),
        (Media("image", data="aGk=", detail="low", cache="5m"), ["image_detail", "cache"]),
        (Media("file", file_id="f"), ["file_id"]),
        (Media("audio", data="aGk="), ["audio"]),
        (Media("video", url="https://a.example"), ["video"]),
        (Result("1", is_error=True), ["result_error"]),
        (Result("1", pieces=[Text("x"), Media("file", url="u")]), ["result_media", "file_url"]),
        (Native("gemini_generate", {}), ["native_piece"]),
    ],
)
def test_pieces(piece: Piece, features: list[str]) -> None:
    assert said(piece) == features


def test_turns() -> None:
    assert said(Text("x"), role="system") == ["system_in_place"]
    assert said(Text("x"), name="ada") == ["message_name"]
    assert said(Call("1", "f"), Text("x"), role="assistant") == ["order"]
    assert said(Result("1"), Text("x")) == []


def test_what_is_refused_is_raised_at_once() -> None:
    with pytest.raises(Fault, match="`audio`"):
        noting.note_request(ChatRequest("m", [Message("user", [Media("audio", data="aGk=")])]), Losses(MESSAGES))
