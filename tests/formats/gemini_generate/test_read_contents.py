from __future__ import annotations

from typing import Any

import pytest

from engine.chat import Call, Media, Message, Native, Piece, Result, Seal, Text, Thinking
from engine.faults import Fault
from engine.formats.gemini_generate.read_contents import read_contents

NAME = "gemini_generate"
FILE = "https://generativelanguage.googleapis.com/v1beta/files/1"


def model(*parts: Any) -> dict[str, Any]:
    return {"role": "model", "parts": list(parts)}


def user(*parts: Any) -> dict[str, Any]:
    return {"role": "user", "parts": list(parts)}


def call(name: str = "f", **more: Any) -> dict[str, Any]:
    return {"functionCall": {"name": name, "args": {}, **more}}


def result(name: str = "f", response: Any = None, **more: Any) -> dict[str, Any]:
    return {"functionResponse": {"name": name, "response": response or {"output": "1"}, **more}}


@pytest.mark.parametrize(
    ("part", "piece"),
    [
        ({"text": "hi", "thoughtSignature": "QQ=="}, Text("hi", seal=Seal(NAME, "QQ=="))),
        ({"text": "hm", "thought": True}, Thinking("hm")),
        ({"text": "hm", "thought": True, "thought_signature": "QQ=="}, Thinking("hm", Seal(NAME, "QQ=="))),
        ({"inline_data": {"mime_type": "IMAGE/PNG", "data": "aGk="}}, Media("image", "image/png", "aGk=")),
        ({"inlineData": {"mimeType": "video/mp4", "data": "aGk="}}, Media("video", "video/mp4", "aGk=")),
        (
            {"inlineData": {"mimeType": "text/csv", "data": "aGk=", "displayName": "a"}},
            Media("file", "text/csv", "aGk=", name="a"),
        ),
        ({"fileData": {"fileUri": FILE, "mimeType": "image/png"}}, Media("image", "image/png", file_id=FILE)),
        ({"fileData": {"fileUri": "gs://b/x.pdf"}}, Media("file", "application/pdf", file_id="gs://b/x.pdf")),
        ({"fileData": {"fileUri": "https://a.example/x.png"}}, Media("image", "image/png", url="https://a.example/x.png")),
        ({"functionCall": {"name": "f", "args": {"a_b": 1}, "id": "x"}}, Call("x", "f", '{"a_b":1}')),
        ({"functionCall": {"name": "f"}, "thoughtSignature": "QQ=="}, Call("call_1", "f", "{}", seal=Seal(NAME, "QQ=="))),
        ({"executableCode": {"code": "1"}}, Native(NAME, {"executableCode": {"code": "1"}})),
    ],
)
def test_parts(part: dict[str, Any], piece: Piece) -> None:
    assert read_contents([model(part)]) == [Message("assistant", [piece])]


def test_results_without_ids_belong_to_calls_of_their_name_in_order() -> None:
    _, turn = read_contents([model(call(), call("g"), call()), user(result(), result(), result("g"))])
    assert [piece.id for piece in turn.pieces if isinstance(piece, Result)] == ["call_1", "call_3", "call_2"]


def test_results_with_ids_belong_to_those() -> None:
    _, turn = read_contents([model(call(id="a"), call(id="b")), user(result(id="b"), result(id="a"))])
    assert [piece.id for piece in turn.pieces if isinstance(piece, Result)] == ["b", "a"]


@pytest.mark.parametrize(
    ("response", "text", "is_error"),
    [
        ({"output": "warm"}, "warm", False),
        ({"result": [1]}, "[1]", False),
        ({"error": "bad"}, "bad", True),
        ({"a": 1}, '{"a":1}', False),
        ({"output": "x", "more": 1}, '{"output":"x","more":1}', False),
    ],
)
def test_what_a_result_says(response: dict[str, Any], text: str, is_error: bool) -> None:
    (turn,) = read_contents([user(result(response=response))])
    assert turn.pieces == [Result("call_f", "f", [Text(text)], is_error)]


def test_media_in_a_result() -> None:
    (turn,) = read_contents([user(result(parts=[{"inlineData": {"mimeType": "image/png", "data": "aGk="}}]))])
    assert turn.pieces == [Result("call_f", "f", [Text("1"), Media("image", "image/png", "aGk=")])]


def test_what_sdks_keep_in_pieces_is_one_turn() -> None:
    made = read_contents(
        [model({"text": "a"}), model({"text": "b"}), user(result()), {"role": "function", "parts": [result("g")]}]
    )
    assert [message.role for message in made] == ["assistant", "user"]
    assert made[0].pieces == [Text("ab")]
    assert len(made[1].pieces) == 2


def test_loose_forms() -> None:
    assert read_contents({"parts": {"text": "hi"}}) == [Message("user", [Text("hi")])]
    assert read_contents([{"role": "user"}]) == [Message("user")]


@pytest.mark.parametrize(
    ("contents", "place"),
    [
        (None, "contents"),
        ([3], "contents[0]"),
        ([{"role": "robot"}], "contents[0].role"),
        ([user(3)], "contents[0].parts[0]"),
        ([user({"text": 3})], "contents[0].parts[0].text"),
        ([user({"inlineData": {"data": "x"}})], "contents[0].parts[0].inlineData.mimeType"),
        ([model({"functionCall": {}})], "contents[0].parts[0].functionCall.name"),
        ([user({"functionResponse": {"name": "f", "response": "x"}})], "contents[0].parts[0].functionResponse.response"),
    ],
)
def test_what_is_malformed_is_named(contents: Any, place: str) -> None:
    with pytest.raises(Fault) as caught:
        read_contents(contents)
    assert caught.value.param == place
