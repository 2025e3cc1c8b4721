from __future__ import annotations

from typing import Any

import pytest

from engine.answer import Failed, Grew, Pinged
from engine.chat import Seal
from engine.faults import Fault
from engine.formats import FORMATS
from engine.wire.sse import EventReader
from tests.tools.wired import chunks, streamed, told

NAME = "anthropic_messages"
START = {"type": "message_start", "message": {"id": "msg_1", "model": "t", "usage": {"input_tokens": 5, "output_tokens": 1}}}
STOP = {"type": "message_stop"}


def end(reason: str = "end_turn", **usage: int) -> dict[str, Any]:
    return {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": 3, **usage}}


def block(index: int, content: dict[str, Any], *deltas: dict[str, Any]) -> list[dict[str, Any]]:
    grown = [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
    start = {"type": "content_block_start", "index": index, "content_block": content}
    return [start, *grown, {"type": "content_block_stop", "index": index}]


def said(text: str) -> dict[str, Any]:
    return {"type": "text_delta", "text": text}


def json(text: str) -> dict[str, Any]:
    return {"type": "input_json_delta", "partial_json": text}


CALL = {"type": "tool_use", "id": "a", "name": "f", "input": {}}
THINK = {"type": "thinking", "thinking": "", "signature": ""}
LOOP = chunks(
    START,
    {"type": "ping"},
    *block(0, THINK, {"type": "thinking_delta", "thinking": "hm"}, {"type": "signature_delta", "signature": "S"}),
    *block(1, {"type": "text", "text": ""}, said("Let me – "), said("☀")),
    *block(2, CALL, json(""), json('{"x":'), json("1}")),
    *block(3, {**CALL, "id": "b"}, json("")),
    end("tool_use"),
    STOP,
)


@pytest.mark.parametrize("cuts", [0, 1, 7, 100])
def test_a_stream_cut_anywhere_says_the_same(cuts: int) -> None:
    deltas = streamed(NAME, LOOP, cuts)
    assert told(deltas) == [
        ("Thinking", "hm"),
        ("Text", "Let me – ☀"),
        ("Call", "a", "f", '{"x":1}'),
        ("Call", "b", "f", "{}"),
        ("end", "calls"),
        ("usage", 5, 3),
    ]
    assert [delta.seal for delta in deltas if isinstance(delta, Grew) and delta.seal] == [Seal(NAME, "S")]
    assert sum(isinstance(delta, Pinged) for delta in deltas) == 1


def test_an_input_that_stands_in_the_start_counts_if_no_more_comes() -> None:
    whole = {**CALL, "input": {"x": 1}}
    assert told(streamed(NAME, chunks(START, *block(0, whole), end(), STOP)))[0] == ("Call", "a", "f", '{"x":1}')
    assert told(streamed(NAME, chunks(START, *block(0, whole, json("{}")), end(), STOP)))[0] == ("Call", "a", "f", "{}")


def test_later_counts_override() -> None:
    assert ("usage", 9, 3) in told(streamed(NAME, chunks(START, end(input_tokens=9), STOP)))


def test_what_is_not_known_is_passed_over() -> None:
    odd = [
        {"type": "new_event"},
        {"type": "content_block_delta", "index": 7, "delta": said("?")},
        {"type": "content_block_stop"},
    ]
    body = chunks(START, *odd, *block(0, {"type": "text", "text": ""}, {"type": "new_delta"}, said("x")), end(), STOP)
    assert told(streamed(NAME, body))[0] == ("Text", "x")


def test_a_body_that_ends_early_is_no_answer() -> None:
    for body in (b"", chunks(START), chunks(START, end())):
        with pytest.raises(Fault) as caught:
            streamed(NAME, body)
        assert caught.value.code == "upstream_truncated"


@pytest.mark.parametrize(
    ("last", "code"),
    [
        (b"data: {broken\n\n", "upstream_bad_body"),
        (chunks({"type": "error", "error": {"type": "overloaded_error", "message": "x"}}), "upstream_overloaded"),
    ],
)
def test_what_breaks_within_is_the_last(last: bytes, code: str) -> None:
    reader = FORMATS[NAME].stream_reader()
    deltas = [delta for event in EventReader().feed(chunks(START) + last + chunks(STOP)) for delta in reader.feed(event)]
    assert isinstance(deltas[-1], Failed)
    assert deltas[-1].fault.code == code
