from __future__ import annotations

from typing import Any

import pytest

from engine.answer import Failed, Grew, Opened
from engine.chat import Call, Seal
from engine.faults import Fault
from engine.formats import FORMATS
from engine.wire.sse import EventReader
from tests.tools.wired import chunks, streamed, told

NAME = "gemini_generate"


def event(*parts: Any, finish: str = "", index: int = 0, **more: Any) -> dict[str, Any]:
    said: dict[str, Any] = {"index": index, "content": {"role": "model", "parts": list(parts)}}
    return {
        "responseId": "g1",
        "modelVersion": "t",
        "candidates": [said | ({"finishReason": finish} if finish else {})],
        **more,
    }


def call(**args: Any) -> dict[str, Any]:
    return {"functionCall": {"name": "f", "args": args}}


COUNTS = {"promptTokenCount": 7, "candidatesTokenCount": 3}
LOOP = chunks(
    event({"text": "h", "thought": True}, usageMetadata={"promptTokenCount": 7}),
    event({"text": "m", "thought": True}),
    event({"text": "Let me – "}),
    event({"text": "☀"}),
    event({**call(x=1), "thoughtSignature": "QQ=="}, finish="STOP", usageMetadata=COUNTS),
    event(call(x=2), {"text": "", "thoughtSignature": "Qg=="}, finish="STOP", usageMetadata=COUNTS),
).replace(b"\n", b"\r\n")


@pytest.mark.parametrize("cuts", [0, 1, 7, 100])
def test_a_stream_cut_anywhere_says_the_same(cuts: int) -> None:
    deltas = streamed(NAME, LOOP, cuts)
    assert told(deltas) == [
        ("Thinking", "hm"),
        ("Text", "Let me – ☀"),
        ("Call", "", "f", '{"x":1}'),
        ("Call", "", "f", '{"x":2}'),
        ("Text", ""),
        ("end", "calls"),
        ("usage", 7, 3),
    ]
    calls = [delta.piece for delta in deltas if isinstance(delta, Opened) and isinstance(delta.piece, Call)]
    assert [piece.seal for piece in calls] == [Seal(NAME, "QQ=="), None]
    assert [delta.seal for delta in deltas if isinstance(delta, Grew) and delta.seal] == [Seal(NAME, "Qg==")]


def test_answers_side_by_side_and_a_prompt_that_is_blocked() -> None:
    body = chunks(event({"text": "a"}, finish="STOP"), event({"text": "b"}, index=1, finish="MAX_TOKENS"))
    assert told(streamed(NAME, body)) == [("Text", "a"), ("Text", "b"), ("end", "length"), ("end", "stop")]
    assert told(streamed(NAME, chunks({"promptFeedback": {"blockReason": "SAFETY"}}))) == [("end", "filter")]


@pytest.mark.parametrize("body", [b"", chunks(event({"text": "x"}))])
def test_an_end_without_a_reason_is_none(body: bytes) -> None:
    with pytest.raises(Fault) as caught:
        streamed(NAME, body)
    assert caught.value.code == "upstream_truncated"


def test_a_call_that_the_model_spoiled_is_no_empty_success() -> None:
    (last,) = [delta for delta in streamed(NAME, chunks(event(finish="MALFORMED_FUNCTION_CALL"))) if isinstance(delta, Failed)]
    assert last.fault.code == "upstream_error"


@pytest.mark.parametrize(
    ("last", "code"),
    [
        (b"data: {broken\n\n", "upstream_bad_body"),
        (chunks({"error": {"code": 503, "status": "UNAVAILABLE"}}), "upstream_overloaded"),
    ],
)
def test_what_breaks_within_is_the_last(last: bytes, code: str) -> None:
    reader = FORMATS[NAME].stream_reader()
    body = chunks(event({"text": "x"})) + last + chunks(event({"text": "y"}))
    deltas = [delta for each in EventReader().feed(body) for delta in reader.feed(each)]
    assert isinstance(deltas[-1], Failed)
    assert deltas[-1].fault.code == code
