"""A reply's own part: what it holds until it is read, back-pressure, and writers that fail."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from engine.faults import Fault
from engine.upstream.pool import PoolTransport
from engine.upstream.reply import HELD, PooledReply
from tests.tools.calling import fault_of, outgoing, patience, provider, run, soon
from tests.tools.fake_upstream import CHUNKED_HEAD, Close, FakeUpstream, Send, Stall, Wait, chunk, whole

MEGABYTE = b"x" * (1 << 20)
LAST = b"0\r\n\r\n"


def with_reply(script: list[Any], main: Any, **clocks: float) -> FakeUpstream:
    with FakeUpstream(script) as upstream:

        async def all() -> None:
            transport = PoolTransport(provider(upstream.port))
            try:
                await main(await transport.send(outgoing(upstream.port), patience(**clocks)), upstream)
                assert transport._permits.out == 0
            finally:
                await transport.close()
                await asyncio.sleep(0)

        run(all)
    return upstream


def flood(megabytes: int) -> list[Any]:
    head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (megabytes << 20)
    return [Send(head), *[Send(MEGABYTE, piece=65536)] * megabytes]


async def writes_stop(upstream: FakeUpstream) -> int:
    """Waits until the upstream can write no more; returns how many bytes it could."""
    before = -1
    while (now := sum(len(entry.data) for entry in upstream.journal if entry.what == "write")) != before:
        before = now
        await asyncio.sleep(0.02)
    return now


def test_a_body_that_nobody_reads_is_held_up_to_a_bound() -> None:
    """F-32."""

    async def main(reply: PooledReply, upstream: FakeUpstream) -> None:
        sent = await writes_stop(upstream)
        assert sent < 40 << 20, "back-pressure reaches the upstream"
        # Beyond the bound by one read of the socket at most.
        assert HELD < reply._held <= HELD + (256 << 10)
        assert len(await reply.read(64 << 20)) == 40 << 20

    with_reply(flood(40), main)


def test_a_slow_client_pauses_the_upstream_and_stops_its_idle_clock() -> None:
    """F-32."""

    async def main(reply: PooledReply, upstream: FakeUpstream) -> None:
        got = 0
        paused = asyncio.Event()

        def write(piece: bytes) -> None:
            nonlocal got
            got += len(piece)
            if not paused.is_set() and got > 1 << 20:
                paused.set()
                reply.pause()

        task = asyncio.create_task(reply.pour(write))
        await paused.wait()
        sent = await writes_stop(upstream)
        stopped = got
        await asyncio.sleep(0.06)
        assert got == stopped, "nothing is written while paused"
        assert got < sent < 40 << 20
        assert not task.done(), "the wait was the client's, not the provider's"
        reply.resume()
        await task
        assert got == 40 << 20

    with_reply(flood(40), main, idle=0.05)


def test_a_pause_from_within_a_write_of_what_was_held() -> None:
    async def main(reply: PooledReply, upstream: FakeUpstream) -> None:
        await soon(lambda: reply._held)
        got: list[bytes] = []

        def write(piece: bytes) -> None:
            got.append(piece)
            reply.pause()

        task = asyncio.create_task(reply.pour(write))
        await upstream.saw("write", 3)
        await asyncio.sleep(0.005)
        assert b"".join(got) == b"held"
        reply.resume()
        await task
        assert b"".join(got) == b"heldnext"

    with_reply([Send(CHUNKED_HEAD + chunk(b"held")), Wait(0.01), Send(chunk(b"next")), Send(b"0\r\n\r\n")], main)


def test_a_pause_does_not_outlast_all_patience() -> None:
    async def main(reply: PooledReply, upstream: FakeUpstream) -> None:
        reply.pause()
        assert await fault_of(reply.pour(lambda piece: None)) == "upstream_timeout"

    with_reply([Send(CHUNKED_HEAD), Stall()], main, whole=0.05)


def test_a_paused_reply_that_ended_leaves_its_connection_readable() -> None:
    # The last piece comes while it is being poured.
    script = [Send(CHUNKED_HEAD), Wait(0.003), Send(chunk(b"one") + b"0\r\n\r\n")]
    with FakeUpstream(script) as upstream:

        async def main() -> None:
            transport = PoolTransport(provider(upstream.port))
            for _ in range(3):
                reply = await transport.send(outgoing(upstream.port), patience())
                await reply.pour(lambda piece, reply=reply: reply.pause())  # type: ignore[misc]
                assert len(transport._idle) == 1
            await transport.close()
            await asyncio.sleep(0)

        run(main)
    assert upstream.count("accept") == 1


@pytest.mark.parametrize("error", [Fault("upstream_bad_body"), ZeroDivisionError()])
@pytest.mark.parametrize("held", [True, False])
def test_what_a_write_raises_comes_out_of_pour_and_drops_the_upstream(error: Exception, held: bool) -> None:
    async def main(reply: PooledReply, upstream: FakeUpstream) -> None:
        def write(piece: bytes) -> None:
            raise error

        if held:
            await soon(lambda: reply._held)
        with pytest.raises(type(error)) as caught:
            await reply.pour(write)
        assert caught.value is error
        await upstream.saw("eof")

    with_reply([Send(CHUNKED_HEAD), Wait(0.002), Send(chunk(b"x")), Stall()], main)


def test_closing_from_within_a_write() -> None:
    async def main(reply: PooledReply, upstream: FakeUpstream) -> None:
        assert await fault_of(reply.pour(lambda piece: reply.close())) == "client_gone"
        await upstream.saw("eof")

    with_reply([Send(CHUNKED_HEAD), Wait(0.002), Send(chunk(b"x")), Stall()], main)


def test_closing_wakes_who_pours() -> None:
    async def main(reply: PooledReply, upstream: FakeUpstream) -> None:
        task = asyncio.create_task(fault_of(reply.pour(lambda piece: None)))
        await asyncio.sleep(0.002)
        reply.close()
        assert await task == "client_gone"

    with_reply([Send(CHUNKED_HEAD), Stall()], main)


def test_what_came_before_a_break_is_still_poured() -> None:
    async def main(reply: PooledReply, upstream: FakeUpstream) -> None:
        await upstream.saw("closed")
        await soon(lambda: reply._connection is None)
        got: list[bytes] = []
        assert await fault_of(reply.pour(got.append)) == "upstream_truncated"
        assert b"".join(got) == b"before"

    with_reply([Send(CHUNKED_HEAD + chunk(b"before")), Close()], main)


def test_a_limit_holds_for_an_answer_that_is_already_there() -> None:
    async def main(reply: PooledReply, upstream: FakeUpstream) -> None:
        await soon(lambda: reply._connection is None)
        assert await fault_of(reply.read(4)) == "upstream_too_large"
        assert await reply.read(5) == b"12345"

    with_reply(whole(b"12345"), main)


# -- looking at what is there --------------------------------------------------------------------------------------------------


def test_peeking_takes_nothing_away() -> None:
    """F-11: all that was looked at is poured afterwards, and what comes later goes straight through."""

    async def main(reply: PooledReply, upstream: FakeUpstream) -> None:
        got: list[bytes] = []
        assert await reply.peek(0) == b"one"
        assert await reply.peek(3) == b"onetwo"
        await reply.pour(got.append)
        assert got == [b"one", b"two", b"three"]

    with_reply(
        [Send(CHUNKED_HEAD + chunk(b"one")), Wait(0.02), Send(chunk(b"two")), Wait(0.02), Send(chunk(b"three") + LAST)], main
    )


def test_peeking_beyond_the_end_gives_what_there_is() -> None:
    async def main(reply: PooledReply, upstream: FakeUpstream) -> None:
        assert await reply.peek(99) == b"body"
        assert await reply.peek(4) == b"body"
        assert await reply.read(9) == b"body"

    with_reply([*whole(b"body")], main)


def test_a_break_is_told_to_whoever_peeks_for_more_than_came() -> None:
    """F-07"""

    async def main(reply: PooledReply, upstream: FakeUpstream) -> None:
        got: list[bytes] = []
        assert await reply.peek(0) == b"one"
        assert await fault_of(reply.peek(3)) == "upstream_truncated"
        assert await fault_of(reply.pour(got.append)) == "upstream_truncated"
        assert got == [b"one"], "what was good is poured"

    with_reply([Send(CHUNKED_HEAD + chunk(b"one")), Wait(0.02), Close()], main)


def test_who_leaves_while_peeking_drops_the_connection() -> None:
    """F-30"""

    async def main(reply: PooledReply, upstream: FakeUpstream) -> None:
        task = asyncio.create_task(reply.peek(0))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await upstream.saw("rst" if upstream.count("rst") else "closed")

    with_reply([Send(CHUNKED_HEAD), Stall()], main)


def test_back_pressure_is_as_before_when_the_look_is_over() -> None:
    """F-32"""

    async def main(reply: PooledReply, upstream: FakeUpstream) -> None:
        assert await reply.peek(0)
        assert await writes_stop(upstream) < 40 << 20
        assert reply._held <= HELD + (256 << 10)
        reply.close()

    with_reply(flood(40), main)


# -- what is good of what is broken --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("begun", [CHUNKED_HEAD, b""])
def test_good_chunks_that_came_with_a_broken_one_are_handed_on(begun: bytes) -> None:
    """I4: as if they had come one by one. In one read with the head, and in one read without it."""
    broken = chunk(b"one") + chunk(b"two") + b"3\r\nth"
    script = [Send(CHUNKED_HEAD + broken + b"zzz")] if begun else [Send(CHUNKED_HEAD), Wait(0.02), Send(broken + b"zzz")]

    async def main(reply: PooledReply, upstream: FakeUpstream) -> None:
        got: list[bytes] = []
        assert await fault_of(reply.pour(got.append)) == "upstream_protocol"
        assert b"".join(got) == b"onetwothz"

    with_reply([*script, Stall()], main)


@pytest.mark.parametrize("framing", [b"transfer-encoding: chunked\r\n", b""])
def test_no_body_is_longer_than_can_be_borne(framing: bytes) -> None:
    """F-25: chunked, or to the end of the connection; with an announced length not even the head is taken."""
    piece = chunk(b"x" * 1000) if framing else b"x" * 1000
    script = [Send(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n"), *[Send(piece)] * 50, Stall()]

    async def main(upstream: FakeUpstream) -> None:
        transport = PoolTransport(provider(upstream.port))
        asked = patience()
        asked.most = 20_000
        got: list[bytes] = []
        reply = await transport.send(outgoing(upstream.port), asked)
        assert await fault_of(reply.pour(got.append)) == "upstream_too_large"
        assert len(b"".join(got)) <= 20_000
        await transport.close()
        await asyncio.sleep(0)

    with FakeUpstream(script) as upstream:
        run(lambda: main(upstream))
