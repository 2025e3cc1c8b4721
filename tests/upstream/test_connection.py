"""One connection to a provider: clocks, framing, and how it is dropped. Against a real socket, through the pool."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.faults import Fault
from engine.upstream.connection import Connection
from engine.upstream.pool import PoolTransport
from engine.upstream.reply import PooledReply
from engine.wire.reader import ResponseReader
from tests.tools.calling import fault_of, outgoing, patience, provider, run, soon
from tests.tools.clock import Clock
from tests.tools.fake_upstream import (
    CHUNKED_HEAD,
    Close,
    Early,
    FakeUpstream,
    Reset,
    Send,
    Stall,
    Wait,
    answer,
    chunk,
    events,
    whole,
)
from tests.tools.wire_bytes import cut, cuts, fuzz, responses

BODY = b'{"choices":[{"message":{"content":"hello"}}]}'


class Call:
    """A transport to a fake upstream, and what one call to it gave."""

    def __init__(self, upstream: FakeUpstream, **more: Any) -> None:
        self.transport = PoolTransport(provider(upstream.port, **more))
        self.upstream = upstream

    async def send(self, body: bytes = b"{}", method: str = "POST", **clocks: float) -> PooledReply:
        return await self.transport.send(outgoing(self.upstream.port, body, method=method), patience(**clocks))

    async def read(self, **clocks: float) -> bytes:
        return await (await self.send(**clocks)).read(1 << 20)

    async def poured(self, **clocks: float) -> tuple[list[bytes], str]:
        """The pieces, and the code of the fault that ended them."""
        pieces: list[bytes] = []
        reply = await self.send(**clocks)
        try:
            await reply.pour(pieces.append)
        except Fault as fault:
            return pieces, fault.code
        return pieces, ""

    @property
    def in_use(self) -> int:
        return self.transport._permits.out

    @property
    def pooled(self) -> int:
        return len(self.transport._idle)


def play(script: list[Any], main: Any, **more: Any) -> FakeUpstream:
    """Runs `main(call)` against an upstream that plays `script`; afterwards nothing is in use."""
    with FakeUpstream(script) as upstream:

        async def all() -> None:
            call = Call(upstream, **more)
            try:
                await main(call)
                assert call.in_use == 0
            finally:
                await call.transport.close()
                await asyncio.sleep(0)

        run(all)
    return upstream


@pytest.mark.parametrize("on_uvloop", [True, False])
def test_an_answer_whole_and_poured_on_both_loops(on_uvloop: bool) -> None:
    with FakeUpstream(whole(BODY, 200, b"x-id: 7")) as upstream:

        async def main() -> None:
            call = Call(upstream)
            reply = await call.send()
            assert (reply.status, reply.headers.get(b"x-id")) == (200, b"7")
            assert await reply.read(1000) == BODY
            assert await call.poured() == ([BODY], "")
            await call.transport.close()
            await asyncio.sleep(0)

        run(main, on_uvloop=on_uvloop)
    assert upstream.count("accept") == 1


def test_events_are_pushed_in_the_turn_in_which_they_arrive() -> None:
    async def main(call: Call) -> None:
        pieces, code = await call.poured()
        assert (b"".join(pieces), code) == (b"".join(b"data: %d\n\n" % i for i in range(20)), "")
        assert len(pieces) > 5
        assert call.pooled == 1

    play(events([b"%d" % i for i in range(20)], pace=0.001), main)


# Clocks.


def test_no_first_byte() -> None:
    """F-05: the fault comes at its clock, and the upstream is dropped at once."""

    async def main(call: Call) -> None:
        began = time.monotonic()
        assert await fault_of(call.send(first_byte=0.03)) == "upstream_first_byte_timeout"
        assert 0.025 < time.monotonic() - began < 0.3
        await call.upstream.saw("eof")

    play([Stall()], main)


def test_a_head_that_never_ends_is_no_first_byte() -> None:
    async def main(call: Call) -> None:
        assert await fault_of(call.send(first_byte=0.03)) == "upstream_first_byte_timeout"

    play([Send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nx: " + b"y" * 500, piece=5, pace=0.002), Stall()], main)


def test_a_stall_between_two_events() -> None:
    """F-06: what came before is handed over; the clock runs between bytes, not over the whole."""

    async def main(call: Call) -> None:
        began = time.monotonic()
        pieces, code = await call.poured(idle=0.04)
        assert (b"".join(pieces), code) == (b"aaaa", "upstream_stalled")
        assert time.monotonic() - began > 0.08
        await call.upstream.saw("eof")

    play([Send(CHUNKED_HEAD), *[Wait(0.02), Send(chunk(b"a"))] * 4, Stall()], main)


@pytest.mark.parametrize("script", [[Stall()], [Send(CHUNKED_HEAD), *[Send(chunk(b"a")), Wait(0.01)] * 50]])
def test_the_end_of_all_patience(script: list[Any]) -> None:
    """F-24: a slow drip ends with `until`, whatever the other clocks say."""

    async def main(call: Call) -> None:
        began = time.monotonic()
        reading = call.read(whole=0.05)
        assert await fault_of(reading) == "upstream_timeout"
        assert 0.04 < time.monotonic() - began < 0.3

    play(script, main)


def test_patience_that_was_over_before_it_began() -> None:
    async def main(call: Call) -> None:
        assert await fault_of(call.send(whole=-1.0)) == "upstream_timeout"
        assert await call.read() == b"x"
        assert await fault_of(call.send(whole=-1.0)) == "upstream_timeout"
        assert call.pooled == 1

    assert play(whole(b"x"), main).count("request") == 1


# Framing.


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (answer(BODY)[:-1], "upstream_truncated"),
        (answer(BODY)[:20], "upstream_truncated"),
        (CHUNKED_HEAD + b"5\r\nhel", "upstream_truncated"),
        (CHUNKED_HEAD + b"5\r\nhello\r\n", "upstream_truncated"),
        (b"", "upstream_reset"),
    ],
)
@pytest.mark.parametrize("ending", [Close(), Reset()])
def test_an_answer_that_breaks_off(data: bytes, code: str, ending: Any) -> None:
    """F-07."""

    async def main(call: Call) -> None:
        assert await fault_of(call.read()) == code

    play([Send(data), Wait(0.003), ending], main)


def test_cut_after_every_byte_of_an_answer() -> None:
    """F-07, over all of a small answer, on one upstream: never whole, never a success."""
    data = answer(BODY)

    async def main() -> None:
        with FakeUpstream(*[[Send(data[:size]), Close()] for size in range(len(data))]) as upstream:
            transport = PoolTransport(provider(upstream.port))
            for size in range(len(data)):
                assert await fault_of(read(transport, upstream)) == ("upstream_truncated" if size else "upstream_reset")
            assert upstream.count("accept") == len(data)

    async def read(transport: PoolTransport, upstream: FakeUpstream) -> bytes:
        return await (await transport.send(outgoing(upstream.port), patience())).read(1000)

    run(main)


def test_a_body_that_ends_with_the_connection() -> None:
    """F-23: complete at FIN, truncated at RST; never pooled."""
    head = b"HTTP/1.1 200 OK\r\n\r\n"

    async def ended(call: Call) -> None:
        assert await call.read() == b"abc"
        assert call.pooled == 0

    async def reset(call: Call) -> None:
        assert await call.poured() == ([b"abc"], "upstream_truncated")

    play([Send(head + b"ab"), Wait(0.002), Send(b"c"), Close()], ended)
    play([Send(head + b"abc"), Wait(0.005), Reset()], reset)


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok",
    ],
)
def test_a_connection_that_will_not_be_kept_is_not_pooled(data: bytes) -> None:
    """F-23, I7."""

    async def main(call: Call) -> None:
        assert await call.read() == b"ok"
        assert call.pooled == 0
        await call.upstream.saw("eof")

    play([Send(data), Stall()], main)


def test_interim_answers_are_passed_over() -> None:
    """F-19."""

    async def main(call: Call) -> None:
        reply = await call.send()
        assert (reply.status, await reply.read(100)) == (201, b"ok")

    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"
    play([Send(interim + answer(b"ok", 201), piece=7)], main)


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\n\r\n" * 9 + answer(b""),
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\nx: y\n\n",
        b"HTTP/1.1 200 OK\r\nx: \x00\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: y\r\n z\r\n\r\n",
        b"HTTP/1.1 999 OK\r\n\r\n",
        b"<html>\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 70000 + b"\r\n\r\n",
    ],
)
def test_what_is_not_http_is_a_fault_and_the_end_of_the_connection(data: bytes) -> None:
    """F-08, F-09, F-19."""

    async def main(call: Call) -> None:
        assert await fault_of(call.send()) == "upstream_protocol"
        assert call.pooled == 0
        await call.upstream.saw("closed")

    play([Send(data), Stall()], main)


def test_a_broken_chunk_after_good_ones() -> None:
    async def main(call: Call) -> None:
        pieces, code = await call.poured()
        assert (b"".join(pieces), code) == (b"good", "upstream_protocol")

    play([Send(CHUNKED_HEAD + chunk(b"good")), Wait(0.005), Send(b"xyz\r\n"), Stall()], main)


@pytest.mark.parametrize(("status", "method"), [(204, "POST"), (304, "GET"), (200, "HEAD")])
def test_answers_without_a_body(status: int, method: str) -> None:
    async def main(call: Call) -> None:
        reply = await call.send(b"", method)
        assert (reply.status, await reply.read(0), call.pooled) == (status, b"", 1)

    length = b"content-length: 5\r\n" if status != 204 else b""
    play([Send(b"HTTP/1.1 %d X\r\n%b\r\n" % (status, length))], main)


def test_a_redirect_is_an_answer_like_any_other() -> None:
    """F-16: it is the caller's to judge, and nobody follows it."""

    async def main(call: Call) -> None:
        reply = await call.send()
        assert (reply.status, reply.headers.get(b"location")) == (302, b"http://127.0.0.1:1/")
        await reply.read(0)

    assert play(whole(b"", 302, b"location: http://127.0.0.1:1/"), main).count("request") == 1


@pytest.mark.parametrize(("coding", "refused"), [(b"gzip", True), (b"br", True), (b"identity", False), (b"Identity", False)])
def test_a_content_coding_that_was_not_asked_for(coding: bytes, refused: bool) -> None:
    """F-17."""

    async def main(call: Call) -> None:
        if refused:
            assert await fault_of(call.send()) == "upstream_encoding"
            assert call.pooled == 0
        else:
            assert await call.read() == b"x"

    play(whole(b"x", 200, b"content-encoding: " + coding), main)


# Too much, too early, too late.


TOO_MUCH = [Send(CHUNKED_HEAD + chunk(b"x" * 60)), Wait(0.003), Send(chunk(b"x" * 41))]


@pytest.mark.parametrize("script", [whole(b"x" * 101), TOO_MUCH])
def test_more_than_the_reader_takes(script: list[Any]) -> None:
    """F-25."""

    async def main(call: Call) -> None:
        assert await fault_of((await call.send()).read(100)) == "upstream_too_large"

    play([*script, Stall()], main)


BIG = bytes(4 << 20)


@pytest.mark.parametrize("then", [[Stall()], [Wait(0.005), Close()]])
def test_an_answer_before_the_whole_request_was_sent(then: list[Any]) -> None:
    """F-18: the answer is read, what is left of the request is not sent, the connection is dropped."""

    async def main(call: Call) -> None:
        reply = await call.send(BIG)
        assert (reply.status, await reply.read(100)) == (413, b"too big")
        assert call.pooled == 0
        await call.upstream.saw("closed")

    # The upstream does not read: the request fills the socket's buffers and stays unfinished.
    upstream = play([Early(), Send(answer(b"too big", 413)), *then], main)
    assert upstream.count("accept") == 1


def test_a_reset_may_lose_an_early_answer_but_is_never_a_hang() -> None:
    """F-18, third variant."""

    async def main(call: Call) -> None:
        with contextlib.suppress(Fault):
            assert (await call.send(BIG)).status == 413
        await soon(lambda: call.in_use == 0)

    play([Early(), Send(answer(b"", 413)), Reset()], main)


def test_bytes_after_an_answer_end_the_connection_and_reach_nobody() -> None:
    """F-22, I7: at once behind the answer, or later, when the connection lies idle."""

    async def together(call: Call) -> None:
        assert await call.read() == b"one"
        assert call.pooled == 0

    async def later(call: Call) -> None:
        assert await call.read() == b"one"
        assert call.pooled == 1
        await soon(lambda: call.pooled == 0)
        await call.upstream.saw("closed")

    play([Send(answer(b"one") + answer(b"evil")), Stall()], together)
    play([Send(answer(b"one")), Wait(0.005), Send(answer(b"evil")), Stall()], later)


# Dropping.


@pytest.mark.parametrize(
    ("script", "asleep_in"),
    [
        ([Stall()], "send"),
        ([Send(b"HTTP/1.1 200 OK\r\nx:"), Stall()], "send"),
        ([Send(CHUNKED_HEAD + chunk(b"a")), Stall()], "read"),
        ([Send(CHUNKED_HEAD + chunk(b"a")), Stall()], "pour"),
    ],
)
def test_cancelling_drops_the_upstream_at_once(script: list[Any], asleep_in: str) -> None:
    """F-30."""

    async def main(call: Call) -> None:
        async def work() -> None:
            reply = await call.send()
            await (reply.read(100) if asleep_in == "read" else reply.pour(lambda piece: None))

        task = asyncio.create_task(work())
        await call.upstream.saw("request")
        await asyncio.sleep(0.005)
        cancelled = time.monotonic()
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        assert call.in_use == 0
        assert await call.upstream.saw("eof") - cancelled < 0.25

    play(script, main)


def test_cancelling_in_the_turn_in_which_the_answer_arrives_breaks_nobody_else() -> None:
    """F-38: the connection is back in the pool by then; the cancelled caller must not touch it."""

    async def main(call: Call) -> None:
        for turns in range(1, 40):
            task = asyncio.create_task(call.read())
            for _ in range(turns):
                await asyncio.sleep(0.0001)
            task.cancel()
            await asyncio.wait([task])
            assert await call.read() == BODY
            assert call.in_use == 0

    play(whole(BODY), main)


def test_closing_a_reply_drops_what_is_unfinished_and_leaves_alone_what_is_finished() -> None:
    async def unfinished(call: Call) -> None:
        reply = await call.send()
        reply.close()
        reply.close()
        assert await fault_of(reply.read(10)) == "client_gone"
        await call.upstream.saw("eof")

    async def finished(call: Call) -> None:
        reply = await call.send()
        await reply.read(10)
        assert call.pooled == 1
        reply.close()
        assert call.pooled == 1

    play([Send(CHUNKED_HEAD), Stall()], unfinished)
    play(whole(b"x"), finished)


def test_a_reply_that_is_forgotten_ends_with_its_clock() -> None:
    async def main(call: Call) -> None:
        await call.send(idle=0.02)
        assert call.in_use == 1
        await soon(lambda: call.in_use == 0)

    play([Send(CHUNKED_HEAD), Stall()], main)


# An answer that comes at once is read at a stride.


class StepByStep(ResponseReader):
    """The plain way to begin."""

    def begin(self, data: bytes) -> tuple[Any, None]:
        self.feed(data)
        return self.head(), None


class Lines(asyncio.Transport):
    """The loop, the transport and the owner of one connection: all that it says to them."""

    def __init__(self) -> None:
        super().__init__({"socket": _quiet})
        self.clock = Clock()
        self.call_at, self.time = self.clock.call_at, self.clock.time
        self.said: list[Any] = []

    def create_future(self) -> asyncio.Future[None]:
        return _loop.create_future()

    def write(self, data: Any) -> None:
        self.said.append(data)

    def abort(self) -> None:
        self.said.append("abort")

    def is_closing(self) -> bool:
        return "abort" in self.said

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    takes_gzip = False

    def free(self, connection: Connection, reusable: bool) -> None:
        self.said.append(("free", reusable, connection._reply))

    def gone(self, connection: Connection, desync: bool) -> None:
        self.said.append(("gone", desync))


_loop = asyncio.new_event_loop()
_quiet, _other_end = socket.socketpair()


def seen(reader: ResponseReader, data: bytes, sizes: list[int], method: str) -> list[Any]:
    """What is said and got when a connection is asked twice, the answer to each being `data`."""
    lines = Lines()
    connection = Connection(lines, lines, 20.0)  # type: ignore[arg-type]
    connection._reader = reader
    connection.connection_made(lines)
    for _ in range(2):
        reply = connection.ask(method, (b"request",), patience())
        for piece in cut(data, sizes):
            connection.data_received(piece)
            lines.said.append((reply.status, list(reply.headers), reply._held, reply.came.done(), repr(reply.error)))
        lines.said.append((b"".join(reply._pieces), connection._clock._due))
        if connection._reply is not None:
            break  # the answer is not over
    return lines.said


@fuzz
@given(responses, cuts | st.just([1000]), st.sampled_from(["POST", "POST", "POST", "HEAD"]))
@example(whole(BODY)[0].data, [1000], "POST")
@example(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-encoding: gzip\r\n\r\nx", [1000], "POST")
@example(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\nconnection: close\r\n\r\nx", [1000], "POST")
@example(b"HTTP/1.1 200 OK\r\ncontent-length: 70000\r\n\r\n" + b"x" * 70000, [100000], "POST")
def test_an_answer_at_once_is_an_answer_step_by_step(data: bytes, sizes: list[int], method: str) -> None:
    """Nobody can tell how it was read: not who asked, not the pool, not the provider."""
    assert seen(ResponseReader(), data, sizes, method) == seen(StepByStep(), data, sizes, method)
