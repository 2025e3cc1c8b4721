from __future__ import annotations

from typing import Any

import pytest

from engine.chat import Call, ChatRequest, Media, Message, Piece, Refusal, Result, Seal, Text, Thinking
from engine.faults import Fault
from engine.formats.losses import Losses
from engine.formats.openai_chat.write_messages import write_messages

PNG = Media("image", "image/png", "aGk=")
PNG_PART = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}


def wrote(*messages: Message, system: tuple[str, ...] = ()) -> tuple[list[dict[str, Any]], list[str]]:
    losses = Losses("openai_chat")
    made = write_messages(ChatRequest("m", list(messages), [Text(text) for text in system]), losses)
    return made, list(losses.noted)


@pytest.mark.parametrize(
    ("piece", "part"),
    [
        (PNG, PNG_PART),
        (Media("image", url="https://a.example", detail="low"), {
            "type": "image_url", "image_url": {"url": "https://a.example", "detail": "low"}}),
        (Media("audio", "audio/mpeg", "aGk="), {"type": "input_audio", "input_audio": {"data": "aGk=", "format": "mp3"}}),
        (Media("file", "application/pdf", "aGk=", name="a.pdf"), {
            "type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,aGk="}}),
        (Media("file", "text/csv", "aGk="), {
            "type": "file", "file": {"filename": "file.csv", "file_data": "data:text/csv;base64,aGk="}}),
    ],
)  # fmt: skip
def test_parts(piece: Piece, part: dict[str, Any]) -> None:
    assert wrote(Message("user", [Text("x"), piece]))[0] == [{"role": "user", "content": [{"type": "text", "text": "x"}, part]}]


@pytest.mark.parametrize(
    "media", [Media("file", url="https://a.example"), Media("audio", url="u"), Media("video", data="aGk=")]
)
def test_media_without_a_word_here_are_refused(media: Media) -> None:
    with pytest.raises(Fault, match="cannot be sent") as caught:
        wrote(Message("user", [media]))
    assert caught.value.code == "unsupported"


def test_system_text_leads_and_stays_in_its_place_and_an_empty_one_goes() -> None:
    made, _ = wrote(
        Message("user", [Text("hi")]), Message("system", [Text("now")]), Message("system", [Text("dev")], developer=True),
        system=("a", "", "b"),
    )  # fmt: skip
    roles = [(message["role"], message["content"]) for message in made]
    assert roles == [("system", "a"), ("system", "b"), ("user", "hi"), ("system", "now"), ("developer", "dev")]


def test_each_result_is_a_message_and_the_rest_of_the_turn_stands_behind_them() -> None:
    turn = Message(
        "user", [Result("a", pieces=[Text("1"), Text("2")]), Result("b", pieces=[Text("x"), PNG], is_error=True), Text("?")]
    )
    made, _ = wrote(turn)
    assert made[:2] == [
        {"role": "tool", "tool_call_id": "a", "content": "1\n2"},
        {"role": "tool", "tool_call_id": "b", "content": "Error: x"},
    ]
    assert made[2:] == [
        {
            "role": "user",
            "content": [{"type": "text", "text": "Media in the result of b:"}, PNG_PART, {"type": "text", "text": "?"}],
        }
    ]


def test_text_goes_before_calls_and_foreign_thoughts_go() -> None:
    thought = Thinking("hm", Seal("anthropic_messages", "S"))
    made, lost = wrote(Message("assistant", [thought, Call("a", "f", ""), Text("x"), Text("y")]))
    called = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    assert made == [{"role": "assistant", "content": "xy", "tool_calls": [called]}]
    assert lost == ["thinking"]


@pytest.mark.parametrize(
    ("pieces", "message"),
    [
        ([Call("a", "f", "{}")], {"content": None}),
        ([], {"content": ""}),
        ([Text("")], {"content": ""}),
        ([Refusal("no")], {"content": None, "refusal": "no"}),
    ],
)
def test_content_is_null_beside_calls_only(pieces: list[Piece], message: dict[str, Any]) -> None:
    (made,), _ = wrote(Message("assistant", pieces))
    assert made | message == made


def test_a_seal_never_reaches_a_provider() -> None:
    made, _ = wrote(Message("assistant", [Call("a", "f", "{}", seal=Seal("gemini_generate", "SECRET"))]))
    assert made[0]["tool_calls"][0]["id"] == "a"
    assert "SECRET" not in str(made)


def test_an_id_is_fitted_alike_in_call_and_result() -> None:
    long = "c" * 100
    made, _ = wrote(Message("assistant", [Call(long, "f")]), Message("user", [Result(long)]))
    assert made[0]["tool_calls"][0]["id"] == made[1]["tool_call_id"]
    assert len(made[1]["tool_call_id"]) <= 64


def test_names_and_free_text() -> None:
    made, _ = wrote(Message("user", [Text("x")], "ada"), Message("assistant", [Call("a", "run", "ls", custom=True)]))
    assert made[0] == {"role": "user", "content": "x", "name": "ada"}
    assert made[1]["tool_calls"] == [{"id": "a", "type": "custom", "custom": {"name": "run", "input": "ls"}}]
