"""What all taps have in common: cuts do not matter, memory is bounded, odd input is no harm."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.chat import Usage
from engine.formats import FORMATS
from engine.formats.format import Tap
from engine.formats.tap import LONGEST_LINE


def event(data: Any, name: str = "", end: bytes = b"\n") -> bytes:
    line = b"event: " + name.encode() + end if name else b""
    return line + b"data: " + orjson.dumps(data) + end + end


def chat(end: bytes = b"\n") -> Iterator[bytes]:
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "gpt-served"}
    yield event({**head, "choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}], "usage": None}, end=end)
    for word in ('say "usage":{}', " [DONE] é", ' {"error"}'):
        choice = {"index": 0, "delta": {"content": word}, "finish_reason": None}
        yield event({**head, "choices": [choice], "usage": None}, end=end)
    yield event({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": None}, end=end)
    usage = {"prompt_tokens": 7, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 2}}
    yield event({**head, "choices": [], "usage": usage}, end=end)
    yield b"data: [DONE]" + end + end


def responses(end: bytes = b"\n") -> Iterator[bytes]:
    for kind in ("response.created", "response.in_progress"):
        response = {"id": "r", "model": "gpt-served", "usage": None, "error": None}
        yield event({"type": kind, "sequence_number": 0, "response": response}, kind, end)
    yield event({"type": "response.output_text.delta", "delta": '"response" é'}, "response.output_text.delta", end)
    usage = {"input_tokens": 7, "output_tokens": 3, "input_tokens_details": {"cached_tokens": 2}}
    done = {"id": "r", "model": "gpt-served", "usage": usage, "error": None}
    yield event({"type": "response.completed", "sequence_number": 9, "response": done}, "response.completed", end)


def messages(end: bytes = b"\n") -> Iterator[bytes]:
    usage = {"input_tokens": 4, "cache_read_input_tokens": 2, "cache_creation_input_tokens": 1, "output_tokens": 1}
    yield event({"type": "message_start", "message": {"model": "gpt-served", "usage": usage}}, "message_start", end)
    delta = {"type": "text_delta", "text": '"message_stop" é "usage"'}
    yield event({"type": "content_block_delta", "index": 0, "delta": delta}, "content_block_delta", end)
    yield event({"type": "ping"}, "ping", end)
    yield event({"type": "message_delta", "delta": {}, "usage": {"output_tokens": 3}}, "message_delta", end)
    yield event({"type": "message_stop"}, "message_stop", end)


def gemini(end: bytes = b"\r\n") -> Iterator[bytes]:
    usage = {"promptTokenCount": 7, "cachedContentTokenCount": 2}
    said = {"content": {"parts": [{"text": "é"}]}}
    yield event({"candidates": [said], "usageMetadata": usage, "modelVersion": "gpt-served"}, end=end)
    last = {**usage, "candidatesTokenCount": 3}
    yield event({"candidates": [{**said, "finishReason": "STOP"}], "usageMetadata": last}, end=end)


STREAMS = {"openai_chat": chat, "openai_responses": responses, "anthropic_messages": messages, "gemini_generate": gemini}
NAMES = sorted(STREAMS)


def heard(tap: Tap) -> tuple[Usage | None, str, bool, str]:
    return tap.usage, tap.served, tap.finished, tap.fault.code if tap.fault else ""


def all_of(name: str) -> tuple[Usage | None, str, bool, str]:
    return Usage(7, 3, 2, 0, written=1 if name == "anthropic_messages" else 0), "gpt-served", True, ""


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("name", NAMES)
def test_event_by_event(name: str, end: bytes) -> None:
    tap = FORMATS[name].tap()
    assert tap.between()
    seen = []
    for chunk in STREAMS[name](end):
        tap.feed(chunk)
        assert tap.between()
        seen.append(tap.finished)
    assert heard(tap) == all_of(name)
    # Finished with the finish_reason already, which comes two events before OpenAI's own end.
    assert seen.index(True) == len(seen) - (3 if name == "openai_chat" else 1)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_byte_by_byte(name: str, end: bytes) -> None:
    """I4: cuts do not matter."""
    tap = FORMATS[name].tap()
    for byte in b"".join(STREAMS[name](end)):
        tap.feed(bytes([byte]))
    assert heard(tap) == all_of(name)


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from(NAMES), st.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_any_cut(data: st.DataObject, name: str, end: bytes) -> None:
    stream = b"".join(STREAMS[name](end))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    tap = FORMATS[name].tap()
    for start, stop in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        tap.feed(stream[start:stop])
    assert heard(tap) == all_of(name)


def told(name: str, said: str) -> bytes:
    """An event that holds nothing but text."""
    if name == "openai_chat":
        choice = {"index": 0, "delta": {"content": said}, "finish_reason": None}
        return event({"id": "c", "model": "gpt-served", "choices": [choice], "usage": None})
    delta = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": said}}
    return event(delta, "content_block_delta")


@pytest.mark.parametrize("name", ["openai_chat", "anthropic_messages"])
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_comes_between_events_of_one_shape_is_heard(name: str, data: st.DataObject) -> None:
    """Events that differ in their text alone are passed over: never more than those, and never a cut one."""
    tap = FORMATS[name].tap()
    said = st.sampled_from(["", " hello", "é", 'a "quote"', '"usage":{', "\\", "error", "[DONE]", "\n\n"])
    for chunk in STREAMS[name](b"\n"):
        for word in data.draw(st.lists(said, min_size=1, max_size=4)):
            same = told(name, word)
            at = data.draw(st.integers(0, len(same)))
            tap.feed(same[:at])
            tap.feed(same[at:])
        tap.feed(chunk)
    assert heard(tap) == all_of(name)


@pytest.mark.parametrize("name", ["openai_chat", "anthropic_messages"])
@settings(max_examples=100, deadline=None)
@given(st.data())
def test_events_that_come_together_are_heard_as_one_by_one(name: str, data: st.DataObject) -> None:
    """A stream that is read late; the plain twin hears its events one by one."""
    said = st.sampled_from(["", " hello", "é", 'a "quote"', '"usage":{', "\\", "[DONE]", "\n\n"])
    alone, together = FORMATS[name].tap(), FORMATS[name].tap()
    waiting = b""
    for chunk in STREAMS[name](b"\n"):
        for one in (*(told(name, word) for word in data.draw(st.lists(said, max_size=4))), chunk):
            alone.feed(one)
            waiting += one
            if data.draw(st.booleans()):
                together.feed(waiting)
                waiting = b""
                assert heard(together) == heard(alone)
    together.feed(waiting)
    assert heard(together) == heard(alone) == all_of(name)


@pytest.mark.parametrize("name", ["openai_chat", "anthropic_messages"])
def test_an_event_that_begins_and_ends_like_its_neighbours_is_heard(name: str) -> None:
    tap = FORMATS[name].tap()
    same = told(name, "x")
    for chunk in (same, same, same):
        tap.feed(chunk)
    middle = event({"error": {"type": "overloaded_error"}, "type": "error"})
    tap.feed(same + middle + same)
    assert tap.fault is not None


@pytest.mark.parametrize("name", NAMES)
def test_a_stream_that_is_cut_off_is_not_finished(name: str) -> None:
    """F-07: no good end is made up."""
    tap = FORMATS[name].tap()
    stream = list(STREAMS[name]())
    until = next(i for i, e in enumerate(stream) if b'"stop"' in e or b"finishReason" in e or i == len(stream) - 1)
    tap.feed(b"".join(stream[:until]) + stream[until][:-12])
    assert not tap.finished
    assert not tap.between()


@pytest.mark.parametrize(
    ("name", "error", "code"),
    [
        ("openai_chat", event({"error": {"message": "x", "type": "server_error"}}), "upstream_error"),
        ("openai_chat", event({"id": "c", "error": {"code": 429}, "choices": []}), "upstream_rate_limit"),
        (
            "openai_responses",
            event({"type": "error", "code": "rate_limit_exceeded", "message": "x"}, "error"),
            "upstream_rate_limit",
        ),
        (
            "openai_responses",
            event({"type": "response.failed", "response": {"error": {"code": "server_error"}}}, "response.failed"),
            "upstream_error",
        ),
        ("anthropic_messages", event({"type": "error", "error": {"type": "overloaded_error"}}, "error"), "upstream_overloaded"),
        ("gemini_generate", event({"error": {"code": 503, "status": "UNAVAILABLE"}}), "upstream_overloaded"),
    ],
)
@pytest.mark.parametrize("at", [0, 1])
def test_an_error_event_ends_the_stream_and_is_known(name: str, error: bytes, code: str, at: int) -> None:
    """F-11 and F-12."""
    tap = FORMATS[name].tap()
    for chunk in [*STREAMS[name]()][:at]:
        tap.feed(chunk)
    tap.feed(error)
    assert tap.finished
    assert tap.fault is not None
    assert tap.fault.code == code


FIELDS = ["type", "usage", "error", "choices", "message", "response", "model", "usageMetadata", "candidates", "code"]
FIELDS += ["finish_reason", "finishReason", "prompt_tokens_details", "x_groq", "promptFeedback"]

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "message_start", "message_delta", "error", "x"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(FIELDS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(NAMES), st.lists(JSON.map(event) | st.binary(max_size=20), max_size=6))
def test_odd_input_is_no_harm(name: str, chunks: list[bytes]) -> None:
    tap = FORMATS[name].tap()
    for chunk in chunks:
        tap.feed(chunk)
    assert isinstance(tap.served, str)


@pytest.mark.parametrize("name", NAMES)
def test_an_endless_line_is_not_kept(name: str) -> None:
    """F-25: memory is bounded, and the stream is heard again after it."""
    tap = FORMATS[name].tap()
    piece = b"x" * 65536  # longer by the time it is fed: a copy of its own, as from a socket
    tracemalloc.start()
    tap.feed(b"data: ")
    for _ in range(3 * LONGEST_LINE // len(piece)):
        tap.feed(piece + b"y")
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2.5 * LONGEST_LINE
    assert kept < 1.5 * LONGEST_LINE
    tap.feed(b"\n\n")
    for chunk in STREAMS[name]():
        tap.feed(chunk)
    assert heard(tap) == all_of(name)


@pytest.mark.parametrize(
    ("name", "begin", "end"),
    [
        ("openai_responses", b'data: {"type":"response.completed","response":{"text":"', b'"}}\n\n'),
        ("gemini_generate", b'data: {"candidates":[{"content":"', b'","finishReason":"STOP"}]}\n\n'),
    ],
)
def test_an_end_that_is_too_long_to_keep_is_an_end(name: str, begin: bytes, end: bytes) -> None:
    tap = FORMATS[name].tap()
    tap.feed(begin)
    for _ in range(LONGEST_LINE // 65536 + 1):
        tap.feed(b"x" * 65536)
    assert not tap.finished
    tap.feed(end)
    assert tap.finished


@pytest.mark.parametrize("format", ["openai_chat", "anthropic_messages"])
def test_many_events_at_once_are_not_kept(format: str) -> None:
    """F-32: a client that stops reading may leave a stream standing there for long."""
    tap = FORMATS[format].tap()
    line = b'data: {"choices":[{"index":0,"delta":{"content":"x"}}]}\n\n'
    for _ in range(3):
        chunk = line * 4000
        before = sys.getrefcount(chunk)
        tap.feed(chunk)
        assert sys.getrefcount(chunk) == before
        assert tap.between()
