from __future__ import annotations

from typing import Any

import pytest
from openai.types.responses import ResponseInputItem
from pydantic import TypeAdapter

from engine.chat import Call, ChatRequest, Media, Message, Piece, Refusal, Result, Seal, Text, Thinking
from engine.faults import Fault
from engine.formats.losses import Losses
from engine.formats.openai_responses.write_items import is_own, system_items, write_items

NAME = "openai_responses"
OWN, FOREIGN = Seal(NAME, "S"), Seal("anthropic_messages", "S")
THOUGHT = {"type": "reasoning", "summary": [], "encrypted_content": "S"}
ITEM: TypeAdapter[Any] = TypeAdapter(ResponseInputItem)


def write(*messages: Message) -> tuple[list[dict[str, Any]], str]:
    losses = Losses(NAME)
    return write_items(ChatRequest("m", list(messages)), losses), losses.told()


def said(*parts: dict[str, Any], role: str = "assistant") -> dict[str, Any]:
    return {"type": "message", "role": role, "content": list(parts)}


def out(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": []}


def put(text: str) -> dict[str, Any]:
    return {"type": "input_text", "text": text}


CALL = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
IMAGE = {"type": "input_image", "image_url": "data:image/png;base64,aGk=", "detail": "auto"}


@pytest.mark.parametrize(
    ("pieces", "items", "told"),
    [
        ([Text("a"), Call("c", "f"), Text("b")], [said(out("a")), CALL, said(out("b"))], ""),
        ([Text("a"), Text(""), Refusal("no")], [said(out("a"), {"type": "refusal", "refusal": "no"})], ""),
        (
            [Call("c", "f", "x", custom=True)],
            [{"type": "custom_tool_call", "call_id": "c", "name": "f", "input": "x"}],
            "",
        ),
        (
            [Thinking("t", OWN, id="rs_1"), Text("a")],
            [
                THOUGHT | {"id": "rs_1", "summary": [{"type": "summary_text", "text": "t"}]},
                said(out("a")),
            ],
            "",
        ),
        ([Thinking("", OWN, id="x"), Call("c", "f")], [THOUGHT, CALL], ""),
        ([Thinking("t", FOREIGN), Thinking("u"), Text("a")], [said(out("a"))], "dropped=thinking"),
        # Thoughts that led to nothing are refused.
        ([Text("a"), Thinking("", OWN)], [said(out("a"))], ""),
        ([Media("image", "image/png", "aGk=")], [said(IMAGE, role="user")], ""),
    ],
)  # fmt: skip
def test_what_the_model_said(pieces: list[Piece], items: list[dict[str, Any]], told: str) -> None:
    assert write(Message("assistant", pieces)) == (items, told)


@pytest.mark.parametrize(
    ("pieces", "items"),
    [
        ([Text("a"), Media("image", "image/png", "aGk=")], [said(put("a"), IMAGE, role="user")]),
        ([Media("image", url="https://a/b")], [said(IMAGE | {"image_url": "https://a/b"}, role="user")]),
        ([Media("file", url="https://a/b.pdf")], [said({"type": "input_file", "file_url": "https://a/b.pdf"}, role="user")]),
        (
            [Media("file", "application/pdf", "aGk=")],
            [
                said(
                    {"type": "input_file", "filename": "file.pdf", "file_data": "data:application/pdf;base64,aGk="}, role="user"
                )
            ],
        ),
        (
            [Result("c", pieces=[Text("1"), Text("2")]), Text("a")],
            [{"type": "function_call_output", "call_id": "c", "output": "1\n2"}, said(put("a"), role="user")],
        ),
        ([Result("c")], [{"type": "function_call_output", "call_id": "c", "output": ""}]),
        (
            [Result("c", pieces=[Text("1")], is_error=True)],
            [{"type": "function_call_output", "call_id": "c", "output": "Error: 1"}],
        ),
        (
            [Result("c", pieces=[Text("1"), Media("image", "image/png", "aGk=")], is_error=True)],
            [{"type": "function_call_output", "call_id": "c", "output": [put("Error: "), put("1"), IMAGE]}],
        ),
        ([], []),
    ],
)
def test_what_the_user_said(pieces: list[Piece], items: list[dict[str, Any]]) -> None:
    assert write(Message("user", pieces)) == (items, "")


def test_system_text_in_place_keeps_its_word() -> None:
    items, _ = write(Message("system", [Text("a")]), Message("system", [Text("b")], developer=True))
    assert [item["role"] for item in items] == ["system", "developer"]


def test_a_result_of_free_text_is_of_its_own_kind() -> None:
    items, _ = write(
        Message("assistant", [Call("c", "f", "x", custom=True)]), Message("user", [Result("c", pieces=[Text("1")])])
    )
    assert items[1] == {"type": "custom_tool_call_output", "call_id": "c", "output": "1"}


def test_long_ids_and_odd_names_are_fitted_alike() -> None:
    known = "x" * 90
    call, result = write(Message("assistant", [Call(known, "a b")]), Message("user", [Result(known)]))[0]
    assert call["call_id"] == result["call_id"]
    assert len(call["call_id"]) == 64
    assert call["name"].startswith("a_b_")


@pytest.mark.parametrize("media", [Media("audio", "audio/mpeg", "aGk="), Media("video"), Media("image")])
def test_media_without_a_word_is_refused(media: Media) -> None:
    with pytest.raises(Fault) as caught:
        write(Message("user", [media]))
    assert caught.value.code == "unsupported"


def test_items_are_the_sdks() -> None:
    pieces: list[Piece] = [Thinking("t", OWN, id="rs_1"), Call("c", "f"), Call("d", "g", "x", custom=True)]
    image = Media("image", "image/png", "aGk=")
    results: list[Piece] = [Result("c", pieces=[Text("1"), image]), Result("d"), Text("a"), image]
    for item in write(Message("assistant", pieces), Message("user", results))[0]:
        ITEM.validate_python(item)


def test_system_items() -> None:
    assert system_items([Text("a"), Text("")]) == [said(put("a"), role="system")]


@pytest.mark.parametrize(
    ("thought", "own"), [(Thinking("", OWN), True), (Thinking("", FOREIGN), False), (Thinking("a"), False)]
)
def test_is_own(thought: Thinking, own: bool) -> None:
    assert is_own(thought) is own
