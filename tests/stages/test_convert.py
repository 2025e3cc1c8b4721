from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.chat import Usage
from engine.exchange import Exchange
from engine.faults import Fault
from engine.stages.convert import LONGEST_VALUE, passed_headers
from engine.stages.whole import Whole
from engine.web import Headers
from tests.tools.step import CHAT, World, reply, stream

USAGE = b'{"id":"c","model":"m-2024","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}}'
PIECES = (
    b'data: {"id":"c","model":"m-2024","choices":[{"index":0,"delta":{"content":"hi"}}]}\n\n',
    b'data: {"id":"c","model":"m-2024","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n',
    b"data: " + USAGE + b"\n\n",
    b"data: [DONE]\n\n",
)
ERROR_EVENT = b'data: {"error":{"type":"server_error","message":"boom"}}\n\n'


def converted(answer, streaming: bool = False, world: World | None = None) -> Exchange:  # type: ignore[no-untyped-def]
    world = world or World()
    exchange = world.chat(streaming=streaming)
    exchange.reply = answer
    return world.step("convert", exchange)


def whole(status: int = 200, body: bytes = CHAT, headers=((b"content-type", b"application/json"),)) -> Whole:  # type: ignore[no-untyped-def]
    from engine.formats import FORMATS

    return Whole(status, Headers(headers), body, FORMATS["openai_chat"].read_reply(body) if status < 300 else None)


def test_a_whole_reply_passes_untouched() -> None:
    exchange = converted(whole(body=USAGE))
    assert exchange.answer is not None
    assert (exchange.answer.status, exchange.answer.body, exchange.answer.stream) == (200, USAGE, None)
    assert exchange.answer.headers == [(b"content-type", b"application/json")]
    assert exchange.usage == Usage(7, 3)
    assert exchange.notes["model_served"] == "m-2024"


def test_a_providers_refusal_passes_with_its_status() -> None:
    exchange = converted(whole(422, b'{"error":{}}'))
    assert exchange.answer is not None
    assert (exchange.answer.status, exchange.answer.body, exchange.usage) == (422, b'{"error":{}}', None)
    assert "model_served" not in exchange.notes


def test_a_stream_passes_every_piece_as_it_is() -> None:
    exchange = converted(flowing := stream(*PIECES), streaming=True)
    assert exchange.answer is not None
    streamed = exchange.answer.stream
    assert streamed is not None
    assert streamed.source is flowing
    assert (b"cache-control", b"no-cache") in exchange.answer.headers
    assert (b"x-accel-buffering", b"no") in exchange.answer.headers
    for piece in PIECES:
        assert streamed.pipe.feed(piece) is piece
    assert streamed.pipe.finish() == b""
    assert exchange.usage == Usage(7, 3)
    assert exchange.notes["model_served"] == "m-2024"


def pipe_of(*pieces: bytes):  # type: ignore[no-untyped-def]
    exchange = converted(stream(), streaming=True)
    assert exchange.answer is not None
    assert exchange.answer.stream is not None
    pipe = exchange.answer.stream.pipe
    for piece in pieces:
        pipe.feed(piece)
    return exchange, pipe


@pytest.mark.parametrize("pieces", [(), PIECES[:1], (PIECES[0], b"data: [DO")])
def test_a_stream_without_its_end_was_cut_off(pieces) -> None:  # type: ignore[no-untyped-def]
    """F-07: never a silent end."""
    _, pipe = pipe_of(*pieces)
    with pytest.raises(Fault, match="upstream_truncated"):
        pipe.finish()


def test_a_broken_stream_ends_in_the_clients_own_words() -> None:
    """F-06"""
    _, pipe = pipe_of(PIECES[0])
    words = pipe.fail(Fault("upstream_stalled"))
    assert words.startswith(b"data: ")
    assert b"upstream_stalled" in words
    assert b"req-1" in words
    assert b"[DONE]" not in words


def test_what_is_said_last_does_not_run_into_half_an_event() -> None:
    _, pipe = pipe_of(PIECES[0], PIECES[1][:30])
    assert pipe.fail(Fault("upstream_truncated")).startswith(b"\n\ndata: ")


def test_the_providers_own_error_event_is_not_said_twice_but_recorded() -> None:
    """F-12"""
    _, pipe = pipe_of(PIECES[0], ERROR_EVENT)
    with pytest.raises(Fault) as caught:
        pipe.finish()
    assert caught.value.code == "upstream_error"
    assert pipe.fail(caught.value) == b"\n", "nothing more is said, and the body ends in good order"
    _, pipe = pipe_of(ERROR_EVENT, b": half")
    assert pipe.fail(Fault("upstream_reset")) == b"\n\n"


def test_when_the_client_leaves_the_tokens_so_far_are_known() -> None:
    """F-30: nobody calls `finish` then."""
    exchange, _ = pipe_of(*PIECES[:3])
    assert exchange.usage == Usage(7, 3)
    exchange, pipe = pipe_of(PIECES[0])
    assert exchange.usage is None
    pipe.fail(Fault("upstream_timeout"))
    assert exchange.notes["model_served"] == "m-2024"


HOSTILE = {
    b"set-cookie": b"a=b",
    b"server": b"nginx",
    b"alt-svc": b'h3=":443"',
    b"strict-transport-security": b"max-age=1",
    b"location": b"http://x/",
    b"content-length": b"5",
    b"content-encoding": b"gzip",
    b"transfer-encoding": b"chunked",
    b"connection": b"close",
    b"openai-organization": b"our-org",
    b"x-powered-by": b"x",
    b"access-control-allow-origin": b"*",
    b"www-authenticate": b"Bearer",
    b"x-engine": b"x",
}


def test_only_known_headers_pass() -> None:
    """reliability.md 1.5"""
    assert passed_headers(Headers(list(HOSTILE.items()))) == ([(b"content-type", b"application/json")], 0)
    known = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"x-request-id", b"up-1"),
        (b"request-id", b"up-2"),
        (b"openai-processing-ms", b"12"),
        (b"x-ratelimit-remaining-tokens", b"9"),
        (b"anthropic-ratelimit-requests-limit", b"50"),
        (b"retry-after", b"3"),
    ]
    passed, dropped = passed_headers(Headers([*known, *HOSTILE.items()]))
    assert dropped == 0
    assert passed == [
        known[0],
        (b"x-upstream-request-id", b"up-1"),
        (b"x-upstream-request-id", b"up-2"),
        *known[3:],
    ]


@pytest.mark.parametrize(
    "value", [b"a\r\nset-cookie: x", b"a\x00", b"\x1b[31m", b"caf\xc3\xa9", b"x" * (LONGEST_VALUE + 1), b"\x7f"]
)
def test_a_value_that_should_not_travel_is_dropped_and_counted(value: bytes) -> None:
    """reliability.md 1.5"""
    world = World()
    headers = [(b"x-request-id", value), (b"openai-processing-ms", b"1"), (b"content-type", b"text/x;" + value)]
    exchange = converted(whole(headers=headers), world=world)
    assert exchange.answer is not None
    assert exchange.answer.headers == [(b"content-type", b"application/json"), (b"openai-processing-ms", b"1")]
    assert world.meter.counts["upstream_headers_dropped"] == 2


def test_a_body_has_one_media_type() -> None:
    twice = Headers([(b"content-type", b"application/json"), (b"content-type", b"text/html")])
    assert passed_headers(twice) == ([(b"content-type", b"application/json")], 0)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([b"x-request-id", b"retry-after", b"x-ratelimit-x", b"set-cookie"]), st.binary())))
def test_whatever_a_provider_sends_what_passes_is_harmless(pairs: list[tuple[bytes, bytes]]) -> None:
    """I2"""
    for name, value in passed_headers(Headers(pairs))[0]:
        assert name != b"set-cookie"
        assert all(byte == 9 or 0x20 <= byte < 0x7F for byte in value)


def test_the_streams_source_is_the_reply_itself() -> None:
    exchange = converted(stream(*PIECES), streaming=True)
    assert exchange.answer is not None
    assert exchange.answer.stream is not None
    out: list[bytes] = []
    asyncio.run(exchange.answer.stream.source.pour(out.append))
    assert tuple(out) == PIECES


def test_the_answers_headers_are_its_own_to_add_to() -> None:
    one, other = converted(whole()), converted(whole())
    assert one.answer is not None
    assert other.answer is not None
    one.answer.headers.append((b"x", b"y"))
    assert (b"x", b"y") not in other.answer.headers
    assert reply().status == 200
