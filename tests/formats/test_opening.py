"""F-11, I4: how a stream begins, and that it does not matter how it was cut."""

from __future__ import annotations

import pytest

from engine.faults import Fault
from engine.formats import FORMATS
from engine.formats.opening import MOST, Opening, is_plain

GOOD = b'data: {"id":"c1","choices":[{"delta":{"content":"x"}}]}\n\n'
PING = b'event: ping\ndata: {"type": "ping"}\n\n'


def judge(data: bytes, size: int, format: str = "openai_chat") -> str:
    """ "good", "more", or a fault's code."""
    opening = Opening(FORMATS[format].tap)
    try:
        for at in range(0, len(data), size):
            if opening.feed(data[at : at + size]):
                return "good"
    except Fault as fault:
        return fault.code
    return "more"


def verdict(data: bytes, format: str = "openai_chat") -> str:
    told = {judge(data, size, format) for size in (1, 2, 7, len(data) or 1)}
    assert len(told) == 1, told
    assert not is_plain(data) or told == {"good"}, "the short cut says the same"
    return told.pop()


@pytest.mark.parametrize(
    "data",
    [
        GOOD,
        GOOD.replace(b"\n", b"\r\n") + b"x",
        b"\xef\xbb\xbf" + GOOD,
        b"id: 1\n" + GOOD,
        b": warm\n\n" + GOOD,
        PING + GOOD,
        b"data: [DONE]\n\n",
        b'data: {"choices":[{"delta":{"content":"\\"error\\": ping"}}]}\n\n',
        b'data: {"error": null, "choices": []}\n\n',
        b'data: {"error": nonsense\n\n',
        b'data: {"id":\ndata: "x"}\n\n',
    ],
)
def test_a_good_first_event(data: bytes) -> None:
    assert verdict(data) == "good"
    assert verdict(data + b'data: {"error": {"code": 503}}\n\n') == "good", "F-12: what comes later is in the stream"


def test_most_streams_take_the_short_cut() -> None:
    assert is_plain(GOOD)
    assert is_plain(b"event: message_start\n" + GOOD)
    for other in (
        b"",
        GOOD[:-1],
        PING,
        b": x\n\n" + GOOD,
        GOOD.replace(b"x", b"an error"),
        b"data: <html>\n\n",
        b"id: 1\n" + GOOD,
    ):
        assert not is_plain(other)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b'data: {"error": {"type": "overloaded_error"}}\n\n', "upstream_overloaded"),
        (b'data:{"error": "boom"}\n\n', "upstream_error"),
        (b': warm\n\n: warm\n\ndata: {"error": {"code": 429}}\r\r', "upstream_rate_limit"),
        (b'event: error\ndata: {"code": "invalid_api_key"}\n\n', "upstream_auth"),
        (b'data: {"error":\ndata: {"code": 503}}\n\n', "upstream_overloaded"),
        (b"data: <html>\n\n", "upstream_bad_body"),
        (b"data: [1]\n\n", "upstream_bad_body"),
        (b"event: error\ndata: 1\n\n", "upstream_bad_body"),
    ],
)
def test_a_first_event_that_is_an_error(data: bytes, code: str) -> None:
    assert verdict(data) == code


@pytest.mark.parametrize(
    ("format", "data"),
    [
        ("anthropic_messages", PING + b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error"}}\n\n'),
        ("openai_responses", b'event: error\ndata: {"type":"error","code":"503","message":"x"}\n\n'),
        ("gemini_generate", b'data: {"error": {"code": 503, "status": "UNAVAILABLE"}}\n\n'),
    ],
)
def test_every_format_knows_its_own_error(format: str, data: bytes) -> None:
    assert verdict(data, format) == "upstream_overloaded"


def test_the_first_event_of_a_response_names_an_error_that_there_is_not() -> None:
    assert (
        verdict(b'event: response.created\ndata: {"type":"response.created","response":{"error":null}}\n\n', "openai_responses")
        == "good"
    )


def test_what_keeps_the_line_alive_is_passed_on_when_there_is_much_of_it() -> None:
    assert verdict(b": warm\n\n") == "more"
    assert verdict(PING) == "more"
    assert judge(b": warm\n\n" * 9, 1) == "good"


def test_a_first_event_without_end_is_not_held_back_for_ever() -> None:
    assert judge(b"data: {" + b"x" * (MOST - 8), 1000) == "more"
    assert judge(b"data: {" + b"x" * MOST, 1000) == "good"
