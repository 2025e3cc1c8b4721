from __future__ import annotations

from typing import Any

import orjson
import pytest

from engine.answer import Began, Closed, Counted, Delta, Ended, Failed, Grew, Opened
from engine.chat import Call, Citation, Media, Native, Piece, Refusal, Seal, Text, Thinking, Usage
from engine.faults import Fault
from engine.formats.openai_responses.read_stream import ResponsesStreamReader
from engine.wire.sse import Event

NAME = "openai_responses"


def feed(reader: ResponsesStreamReader, *events: dict[str, Any]) -> list[Delta]:
    return [delta for event in events for delta in reader.feed(Event("message", orjson.dumps(event).decode()))]


def read(*events: dict[str, Any]) -> list[Delta]:
    """Between the first and the last event."""
    reader = ResponsesStreamReader()
    deltas = feed(reader, {"type": "response.created", "response": {}}, *events, {"type": "response.completed", "response": {}})
    assert isinstance(deltas[0], Began)
    assert isinstance(deltas[-1], Ended)
    assert reader.end() == []
    return deltas[1:-1]


def added(item: dict[str, Any], index: int = 0) -> dict[str, Any]:
    return {"type": "response.output_item.added", "output_index": index, "item": item}


def done(item: dict[str, Any], index: int = 0) -> dict[str, Any]:
    return {"type": "response.output_item.done", "output_index": index, "item": item}


def more(kind: str, delta: str, index: int = 0, **place: int) -> dict[str, Any]:
    return {"type": f"response.{kind}.delta", "output_index": index, "delta": delta, **place}


def message(*texts: str) -> dict[str, Any]:
    return {"type": "message", "content": [{"type": "output_text", "text": text} for text in texts]}


CALL = {"type": "function_call", "id": "fc_1", "call_id": "c", "name": "f", "arguments": ""}
WHOLE = CALL | {"arguments": "{}"}
F = Call("c", "f")


@pytest.mark.parametrize(
    ("events", "deltas"),
    [
        (
            [added(message()), more("output_text", "a"), more("output_text", "b"), done(message("ab"))],
            [Opened(0, Text("")), Grew(0, "a"), Grew(0, "b"), Closed(0)],
        ),
        ([added(message()), done(message())], []),
        # A host that sends no deltas, or not even the beginning of an item.
        ([done(message("a"))], [Opened(0, Text("")), Grew(0, "a"), Closed(0)]),
        (
            [more("output_text", "a", content_index=0), more("refusal", "no", content_index=1)],
            [Opened(0, Text("")), Grew(0, "a"), Opened(1, Refusal("")), Grew(1, "no"), Closed(0), Closed(1)],
        ),
        ([added(CALL), more("function_call_arguments", "{}"), done(WHOLE)], [Opened(0, F), Grew(0, "{}"), Closed(0)]),
        ([added(CALL), done(WHOLE)], [Opened(0, F), Grew(0, "{}"), Closed(0)]),
        ([done(WHOLE)], [Opened(0, F), Grew(0, "{}"), Closed(0)]),
        # It was never done.
        ([added(CALL), more("function_call_arguments", "{")], [Opened(0, F), Grew(0, "{"), Closed(0)]),
        (
            [
                added(CALL), added(CALL | {"call_id": "d"}, 1), more("function_call_arguments", "1", 1), done(WHOLE),
                done(WHOLE, 1),
            ],
            [Opened(0, F), Opened(1, Call("d", "f")), Grew(1, "1"), Grew(0, "{}"), Closed(0), Closed(1)],
        ),
        (
            [
                more("reasoning_summary_text", "a", summary_index=0),
                more("reasoning_summary_text", "b", summary_index=1),
                done({"type": "reasoning", "summary": [{"text": "a"}], "encrypted_content": "S"}),
            ],
            [Opened(0, Thinking("")), Grew(0, "a"), Grew(0, "\n\nb"), Grew(0, "", Seal(NAME, "S")), Closed(0)],
        ),
        ([added({"type": "reasoning"}), done({"type": "reasoning", "summary": []})], []),
        (
            [more("output_text", "a"), {"type": "response.output_text.annotation.added", "output_index": 0,
              "annotation": {"type": "url_citation", "url": "https://a", "title": "A", "start_index": 0, "end_index": 1}}],
            [Opened(0, Text("")), Grew(0, "a"), Grew(0, citation=Citation("https://a", "A", start=0, end=1)), Closed(0)],
        ),
        ([done({"type": "web_search_call"})], [Opened(0, Native(NAME, {"type": "web_search_call"})), Closed(0)]),
        (
            [done({"type": "image_generation_call", "result": "aGk="})],
            [Opened(0, Media("image", "image/png", "aGk=")), Closed(0)],
        ),
        ([{"type": "keepalive"}, {"type": "response.odd"}, {"obfuscation": "x"}], []),
        # What comes late or twice changes nothing.
        ([done(message("a")), done(message("b")), more("output_text", "c")], [Opened(0, Text("")), Grew(0, "a"), Closed(0)]),
    ],
)  # fmt: skip
def test_items_become_blocks(events: list[dict[str, Any]], deltas: list[Delta]) -> None:
    assert read(*events) == deltas


def test_a_host_that_tells_all_at_the_end() -> None:
    response = {
        "id": "resp_1",
        "model": "m",
        "status": "completed",
        "output": [message("a"), WHOLE],
        "usage": {"input_tokens": 3},
    }
    assert feed(ResponsesStreamReader(), {"type": "response.completed", "response": response}) == [
        Began("resp_1", "m"), Opened(0, Text("")), Grew(0, "a"), Closed(0), Opened(1, F), Grew(1, "{}"), Closed(1),
        Counted(Usage(3)), Ended("calls", "completed"),
    ]  # fmt: skip


def test_incomplete_is_an_end_with_its_reason() -> None:
    response = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    deltas = feed(ResponsesStreamReader(), {"type": "response.incomplete", "response": response})
    assert deltas[-1] == Ended("length", "max_output_tokens")


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ({"type": "response.failed", "response": {"error": {"code": "rate_limit_exceeded"}}}, "upstream_rate_limit"),
        ({"type": "response.failed", "response": {}}, "upstream_error"),
        ({"type": "error", "code": "overloaded", "message": "x"}, "upstream_overloaded"),
        ({"type": "error", "error": {"type": "overloaded_error"}}, "upstream_overloaded"),
        ({"error": {"type": "invalid_request_error"}}, "upstream_refused"),
    ],
)
def test_the_providers_own_error_ends_it(event: dict[str, Any], code: str) -> None:
    reader = ResponsesStreamReader()
    deltas = feed(reader, {"type": "response.created", "response": {}}, event, done(message("a")))
    assert isinstance(deltas[-1], Failed)
    assert (len(deltas), deltas[-1].fault.code) == (2, code)


def test_data_that_is_no_json_is_a_failure() -> None:
    (failed,) = ResponsesStreamReader().feed(Event("message", "{"))
    assert isinstance(failed, Failed)
    assert failed.fault.code == "upstream_bad_body"


def test_a_body_that_ends_early_is_truncated() -> None:
    reader = ResponsesStreamReader()
    feed(reader, done(message("a")))
    assert reader.feed(Event("message", "[DONE]")) == []
    with pytest.raises(Fault) as caught:
        reader.end()
    assert caught.value.code == "upstream_truncated"


def test_pieces_are_of_the_neutral_shape() -> None:
    opened: list[Piece] = [delta.piece for delta in read(done(WHOLE)) if isinstance(delta, Opened)]
    assert opened == [F]
