from __future__ import annotations

from typing import Any

import pytest

from engine.chat import Call, ChatRequest, Media, Message, Piece, Refusal, Result, Seal, Text, Thinking
from engine.formats.gemini_generate.words import NO_SIGNATURE
from engine.formats.gemini_generate.write_contents import write_contents
from engine.formats.losses import Losses

NAME = "gemini_generate"
OWN, FOREIGN = Seal(NAME, "QQ=="), Seal("anthropic_messages", "S")


def wrote(*messages: Message, model: str = "gemini-2.5-pro") -> tuple[list[dict[str, Any]], list[str]]:
    losses = Losses(NAME)
    return write_contents(ChatRequest(model, list(messages)), losses), list(losses.noted)


@pytest.mark.parametrize(
    ("piece", "parts", "lost"),
    [
        (Text("hi"), [{"text": "hi"}], []),
        (Text(""), [], []),
        (Text("", seal=OWN), [{"text": "", "thoughtSignature": "QQ=="}], []),
        (Text("hi", seal=FOREIGN), [{"text": "hi"}], []),
        (Refusal("no"), [{"text": "no"}], []),
        (Media("image", "image/png", "aGk="), [{"inlineData": {"mimeType": "image/png", "data": "aGk="}}], []),
        (Media("image", "image/png", url="u"), [{"fileData": {"mimeType": "image/png", "fileUri": "u"}}], []),
        (Media("file", url="u"), [{"fileData": {"fileUri": "u"}}], []),
        (Thinking("hm", OWN), [{"text": "hm", "thought": True, "thoughtSignature": "QQ=="}], []),
        (Thinking("hm", FOREIGN), [], ["thinking"]),
        (Call("a", "f", '{"x":1}', seal=OWN),
         [{"functionCall": {"id": "a", "name": "f", "args": {"x": 1}}, "thoughtSignature": "QQ=="}], []),
        (Call("a", "f", "[", seal=FOREIGN), [{"functionCall": {"id": "a", "name": "f", "args": {"_raw": "["}}}], ["arguments"]),
    ],
)  # fmt: skip
def test_parts(piece: Piece, parts: list[dict[str, Any]], lost: list[str]) -> None:
    made, noted = wrote(Message("assistant", [piece]))
    assert made == ([{"role": "model", "parts": parts}] if parts else [])
    assert noted == lost


@pytest.mark.parametrize(
    ("result", "response"),
    [
        (Result("a", "f", [Text("warm")]), {"output": "warm"}),
        (Result("a", "f", [Text('{"t":1}')]), {"t": 1}),
        (Result("a", "f", [Text("[1]")]), {"output": "[1]"}),
        (Result("a", "f", [Text("bad")], is_error=True), {"error": "bad"}),
        (Result("a", "f"), {"output": ""}),
    ],
)
def test_results(result: Result, response: dict[str, Any]) -> None:
    made, _ = wrote(Message("user", [result]))
    assert made[0]["parts"] == [{"functionResponse": {"id": "a", "name": "f", "response": response}}]


def test_results_stand_in_the_order_of_the_calls_and_media_behind_them() -> None:
    image = Media("image", "image/png", "aGk=")
    made, _ = wrote(
        Message("assistant", [Call("a", "f"), Call("b", "g")]),
        Message("user", [Result("b", pieces=[image]), Result("a"), Text("?")]),
    )
    kinds = [next(iter(part)) for part in made[1]["parts"]]
    assert kinds == ["functionResponse", "functionResponse", "inlineData", "text"]
    assert [part["functionResponse"]["name"] for part in made[1]["parts"][:2]] == ["f", "g"]


def test_the_first_call_of_a_turn_needs_a_signature_on_newer_models() -> None:
    turn = Message("assistant", [Call("a", "f", seal=FOREIGN), Call("b", "g")])
    made, _ = wrote(turn, model="gemini-3-pro")
    assert [part.get("thoughtSignature") for part in made[0]["parts"]] == [NO_SIGNATURE, None]
    assert not any("thoughtSignature" in part for part in wrote(turn)[0][0]["parts"])


def test_a_thought_that_only_carries_a_calls_signature_gives_it_back() -> None:
    made, lost = wrote(Message("assistant", [Thinking("", OWN), Call("a", "f")]))
    assert made[0]["parts"] == [{"functionCall": {"id": "a", "name": "f", "args": {}}, "thoughtSignature": "QQ=="}]
    assert lost == []


def test_turns_of_one_role_are_joined() -> None:
    made, _ = wrote(
        Message("user", [Text("a")]), Message("system", [Text("b")]), Message("assistant", []), Message("user", [Text("c")])
    )
    assert made == [{"role": "user", "parts": [{"text": "a"}, {"text": "b"}, {"text": "c"}]}]
