from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest

from engine.exchange import Exchange
from engine.faults import Fault
from engine.stages.forwarding import WHOLE, Untold, without_keys
from engine.web import Pair
from tests.tools.play import program, provider
from tests.tools.step import EVENTS, HANG, JSON, FakeReply, World, reply, stream

KEY = "sk-openai-0"
PROGRAM = program([provider("openai", keys=2)])
WORDS = "forward: {to: openai, below: /v1}"
SAYS = b'{"error":{"message":"Incorrect key %s","type":"x","param":null,"code":null}}' % KEY.encode()


def forwarded(answer: FakeReply | Fault, **more: object) -> tuple[World, Exchange]:
    world = World([answer], PROGRAM)
    more = {"method": "POST", "path": "/v1/embeddings", **more}
    return world, world.step(WORDS, world.exchange(**more))  # type: ignore[arg-type]


def sized(body: bytes, *pairs: Pair, status: int = 200) -> FakeReply:
    return reply(status, body, (*pairs, (b"content-length", b"%d" % len(body))))


def refused(answer: FakeReply | Fault) -> tuple[World, Fault]:
    world = World([answer], PROGRAM)
    with pytest.raises(Fault) as caught:
        world.step(WORDS, world.exchange("POST", "/v1/embeddings"))
    return world, caught.value


def test_what_travels_of_a_request() -> None:
    """I2: the content type is the client's, the credential the target's, and nothing else goes on."""
    given = {
        "content-type": "multipart/form-data; boundary=x",
        "authorization": "Bearer gw-canary",
        "x-api-key": "gw-canary",
        "cookie": "a=gw-canary",
        "accept": "audio/mpeg",
        "openai-beta": "assistants=v2",
        "x-forwarded-for": "1.2.3.4",
        "x-own": "1",
    }
    world, _ = forwarded(sized(b"{}", *JSON), headers=given, body=b"--x--")
    (sent,) = world.transport.sent
    pairs = [*sent.target.pairs, *sent.pairs]
    assert sorted(name for name, _ in pairs) == sorted(
        [b"user-agent", b"accept-encoding", b"authorization", b"content-type", b"accept", b"openai-beta"]
    )
    assert dict(pairs)[b"content-type"] == b"multipart/form-data; boundary=x"
    assert dict(pairs)[b"authorization"] == f"Bearer {KEY}".encode()
    assert b"gw-canary" not in b"".join(value for _, value in pairs)
    assert sent.body == b"--x--"


def test_a_target_is_made_bare_once() -> None:
    """Transports remember what they have written for a target by its identity."""
    world = World([reply(), reply(), reply()], PROGRAM)
    deed = world.bind(WORDS)
    for _ in range(3):
        waiting = deed(world.exchange("POST", "/v1/embeddings"))
        assert waiting is not None
        asyncio.run(_finish(waiting))
    first, second, third = (sent.target for sent in world.transport.sent)
    assert first is third
    assert first.name != second.name, "keys take turns"


async def _finish(waiting: object) -> None:
    await waiting  # type: ignore[misc]


def test_a_small_answer_is_whole_and_a_large_one_streams() -> None:
    called = (b"content-disposition", b'attachment; filename="a.bin"')
    _, small = forwarded(sized(b"abc", (b"content-type", b"audio/mpeg"), called, (b"set-cookie", b"x=1")))
    assert small.answer is not None
    assert (small.answer.body, small.answer.stream) == (b"abc", None)
    assert small.answer.headers == [(b"content-type", b"audio/mpeg"), called]
    assert small.reply.closed  # type: ignore[attr-defined]
    for answer in (reply(200, b"x", ((b"content-length", b"%d" % (WHOLE + 1)),)), reply(200, b"x", ())):
        _, large = forwarded(answer)
        assert large.answer is not None
        assert large.answer.stream is not None
        assert large.answer.headers == [(b"content-type", b"application/octet-stream")]
        assert large.answer.stream.source is answer
        assert not answer.was_read
        assert not answer.closed


def test_events_are_not_held_back_on_the_way() -> None:
    _, exchange = forwarded(stream(b"data: 1\n\n"))
    assert exchange.answer is not None
    assert exchange.answer.headers[0] == EVENTS[0]
    assert (b"x-accel-buffering", b"no") in exchange.answer.headers


def test_no_words_are_put_into_a_file() -> None:
    """F-07"""
    pipe = Untold()
    assert (pipe.feed(b"ab"), pipe.finish(), pipe.fail(Fault("upstream_truncated"))) == (b"ab", b"", b"")


def test_a_harmful_header_stays_behind_and_is_counted() -> None:
    world, exchange = forwarded(sized(b"", (b"content-disposition", b"a\xffb"), *JSON))
    assert exchange.answer is not None
    assert exchange.answer.headers == [JSON[0]]
    assert world.meter.counts["upstream_headers_dropped"] == 1


@pytest.mark.parametrize("status", [400, 404, 422, 429, 500, 503])
def test_a_providers_error_passes_with_the_key_masked(status: int) -> None:
    """F-11 to F-15"""
    world, exchange = forwarded(sized(SAYS, *JSON, (b"retry-after", b"7"), status=status))
    assert exchange.answer is not None
    assert exchange.answer.status == status
    assert exchange.answer.body == SAYS.replace(KEY.encode(), b"***")
    assert (b"retry-after", b"7") in exchange.answer.headers
    assert exchange.tries[0].code != ""
    assert world.meter.attempts == [("openai", exchange.tries[0].code)]
    assert bool(world.binding.shared["cooling"]) == (status == 429), "the next request begins with the other key"


@pytest.mark.parametrize(
    ("status", "pairs", "code", "told"),
    [
        (401, JSON, "upstream_auth", 502),
        (403, JSON, "upstream_auth", 502),
        (302, ((b"location", b"http://evil.example"),), "upstream_redirect", 502),
        (500, ((b"content-type", b"text/html"),), "upstream_error", 502),
        (404, ((b"content-type", b"text/html"),), "upstream_refused", 404),
    ],
)
def test_what_does_not_pass_is_our_own_error(status: int, pairs: Iterable[Pair], code: str, told: int) -> None:
    """F-15, F-16"""
    body = SAYS if pairs is JSON else b"<html>"
    answer = reply(status, body, pairs)
    world, fault = refused(answer)
    assert (fault.code, fault.status) == (code, told)
    assert KEY not in fault.message
    assert answer.closed
    assert len(world.transport.sent) == 1
    assert world.meter.attempts == [("openai", code)]


def test_nothing_is_sent_twice() -> None:
    world, fault = refused(Fault("upstream_reset"))
    assert (fault.code, len(world.transport.sent)) == ("upstream_reset", 1)


def test_an_answer_that_breaks_while_it_is_read_is_an_error() -> None:
    answer = reply(200, b"{", (*JSON, (b"content-length", b"9")), Fault("upstream_truncated"))
    assert refused(answer)[1].code == "upstream_truncated"
    assert refused(reply(200, b"", ((b"content-encoding", b"gzip"),)))[1].code == "upstream_encoding"


def test_whoever_leaves_drops_the_request() -> None:
    """F-30"""
    world = World([HANG], PROGRAM)
    exchange = world.exchange("POST", "/v1/embeddings")

    async def leave() -> None:
        waiting = world.bind(WORDS)(exchange)
        assert waiting is not None
        task = asyncio.ensure_future(waiting)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(leave())
    assert world.transport.dropped == 1
    assert exchange.tries[0].code == "cancelled"


def test_the_clocks_are_the_options() -> None:
    world = World([reply()], PROGRAM)
    words = "forward: {to: openai, below: /v1, timeout: 20s, connect: 1s, first_byte: 2s, idle: 3s, limit: 4KiB}"
    world.step(words, world.exchange("POST", "/v1/embeddings"))
    (patience,) = world.transport.patience
    assert (patience.connect, patience.first_byte, patience.idle, patience.until, patience.most) == (1, 2, 3, 120, 4096)


def test_keys_do_not_travel_in_a_query() -> None:
    assert without_keys("") == ""
    assert without_keys("key=a&alt=sse&API_KEY=b&%6bey=c&access_token=d&keys=e") == "alt=sse&keys=e"
