"""I7, I8, F-21, F-22: which connection a request gets, how many there are, and what happens when one was closed meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from engine.faults import Fault
from engine.ports import Outgoing
from engine.upstream.pool import PoolTransport
from engine.upstream.resolve import Resolver
from tests.tools.calling import fault_of, origin, outgoing, patience, provider, run, soon
from tests.tools.fake_upstream import (
    CHUNKED_HEAD,
    Close,
    FakeUpstream,
    Reset,
    Send,
    Stall,
    Wait,
    answer,
    chunk,
    whole,
)


class Pool:
    """A PoolTransport to a fake upstream."""

    def __init__(self, upstream: FakeUpstream, *, keep: float = 20.0, repeat: bool = True, **more: Any) -> None:
        self.counted: list[str] = []
        self.upstream = upstream
        self.transport = PoolTransport(provider(upstream.port, **more), idle=keep, repeat=repeat, count=self.counted.append)

    async def ask(self, body: bytes = b"{}") -> bytes:
        reply = await self.transport.send(outgoing(self.upstream.port, body), patience())
        return await reply.read(1 << 20)

    @property
    def idle(self) -> int:
        return len(self.transport._idle)

    @property
    def in_use(self) -> int:
        return self.transport._permits.out


def play(main: Any, *scripts: Any, choose: Callable[[bytes], Any] | None = None, **more: Any) -> FakeUpstream:
    with FakeUpstream(*scripts, choose=choose) as upstream:

        async def all() -> None:
            pool = Pool(upstream, **more)
            try:
                await main(pool)
                assert pool.in_use == 0
            finally:
                await pool.transport.close()
                await asyncio.sleep(0)

        run(all)
    return upstream


def connections_of(upstream: FakeUpstream) -> list[int]:
    return [entry.connection for entry in upstream.journal if entry.what == "request"]


def test_one_after_another_they_share_a_connection() -> None:
    async def main(pool: Pool) -> None:
        for _ in range(5):
            assert await pool.ask() == b"x"

    assert connections_of(play(main, whole(b"x"))) == [0] * 5


def test_requests_at_the_same_time_never_share_one() -> None:
    """I8: no pipelining."""

    async def main(pool: Pool) -> None:
        await asyncio.gather(*(pool.ask() for _ in range(4)))

    assert sorted(connections_of(play(main, [Wait(0.01), *whole(b"x")]))) == [0, 1, 2, 3]


def test_the_last_used_is_used_next() -> None:
    async def main(pool: Pool) -> None:
        await asyncio.gather(*(pool.ask() for _ in range(3)))
        last = connections_after(pool)
        for _ in range(4):
            await pool.ask()
        assert connections_of(pool.upstream)[3:] == [last] * 4
        assert pool.idle == 3

    def connections_after(pool: Pool) -> int:
        # Connections end up idle in the order in which their answers ended; the upstream knows which was last.
        writes = [entry for entry in pool.upstream.journal if entry.what == "write"]
        return writes[-1].connection

    # Answers 30 ms apart, so that their order is sure on a busy machine too.
    slow = iter([0.005, 0.035, 0.065])
    play(main, choose=lambda request: [Wait(next(slow, 0.0)), *whole(b"x")])


def test_the_bound_holds_and_those_beyond_it_wait() -> None:
    async def main(pool: Pool) -> None:
        assert await asyncio.gather(*(pool.ask() for _ in range(9))) == [b"x"] * 9
        assert pool.idle <= 2

    upstream = play(main, [Wait(0.003), *whole(b"x")], connections=2)
    assert upstream.count("accept") == 2


def test_waiting_for_a_connection_ends_after_its_time() -> None:
    async def main(pool: Pool) -> None:
        holding = await pool.transport.send(outgoing(pool.upstream.port), patience())
        began = time.monotonic()
        assert await fault_of(pool.ask()) == "upstream_pool_timeout"
        assert 0.015 < time.monotonic() - began < 0.3
        holding.close()
        await fault_of(pool.ask())

    play(main, [Send(CHUNKED_HEAD), Stall()], [Close()], connections=1, wait=0.02)


def test_a_dropped_reply_lets_the_next_one_in() -> None:
    """F-30: slots are released by close, by cancelling while waiting, and by cancelling while connected."""

    async def main(pool: Pool) -> None:
        holding = await pool.transport.send(outgoing(pool.upstream.port), patience())
        waiting = [asyncio.create_task(pool.ask()) for _ in range(3)]
        await asyncio.sleep(0.001)
        waiting[0].cancel()
        holding.close()
        assert await asyncio.gather(*waiting[1:]) == [b"x", b"x"]

    play(main, [Send(CHUNKED_HEAD), Stall()], whole(b"x"), connections=1)


def test_a_failed_connect_gives_its_slot_back() -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        transport = PoolTransport(provider(port, connections=1))
        for _ in range(3):
            assert await fault_of(transport.send(outgoing(port), patience())) == "upstream_connect"
        assert transport._permits.out == 0

    run(main)


def test_cancelling_while_connecting_gives_the_slot_back() -> None:
    """F-30: here the name server hangs."""
    import threading

    release = threading.Event()

    def hang(host: str) -> list[str]:
        release.wait(5)
        return []

    async def main() -> None:
        transport = PoolTransport(provider(origin(443, host="api.test"), connections=1), Resolver(hang))
        task = asyncio.create_task(transport.send(outgoing(443), patience()))
        await asyncio.sleep(0.002)
        assert transport._permits.out == 1
        task.cancel()
        await asyncio.wait([task])
        assert transport._permits.out == 0
        release.set()

    run(main)


def test_a_request_that_cannot_be_written_takes_no_connection() -> None:
    async def main(pool: Pool) -> None:
        call = outgoing(pool.upstream.port, pairs=((b"x", b"a\r\nb"),))
        assert await fault_of(pool.transport.send(call, patience())) == "internal"

    assert play(main, whole(b"")).count("accept") == 0


def test_the_origin_is_the_providers_whatever_a_target_says() -> None:
    async def main(pool: Pool) -> None:
        call = outgoing(origin(1, host="evil.test"))
        assert await (await pool.transport.send(call, patience())).read(10) == b"x"

    upstream = play(main, whole(b"x"))
    assert b"evil" not in upstream.requests[0]


# What happens to a connection that lies idle.


def test_an_idle_connection_is_closed_after_its_time() -> None:
    async def main(pool: Pool) -> None:
        await pool.ask()
        assert pool.idle == 1
        await soon(lambda: pool.idle == 0)
        await pool.upstream.saw("eof")
        assert await pool.ask() == b"x"

    assert connections_of(play(main, whole(b"x"), keep=0.02)) == [0, 1]


@pytest.mark.parametrize("ending", [Close(), Reset()])
def test_an_idle_connection_that_the_provider_closes_leaves_the_pool(ending: Any) -> None:
    """F-21a."""

    async def main(pool: Pool) -> None:
        await pool.ask()
        assert pool.idle == 1
        await soon(lambda: pool.idle == 0)
        assert await pool.ask() == b"y"
        assert pool.counted == []

    upstream = play(main, [*whole(b"x"), Wait(0.005), ending], whole(b"y"))
    assert connections_of(upstream) == [0, 1]


def test_a_close_that_the_loop_has_not_seen_yet_is_seen_before_use() -> None:
    """F-21b: the socket itself is looked at. No await lies between the provider's close and the choice of a connection."""

    async def main(pool: Pool) -> None:
        await pool.ask()
        until = time.monotonic() + 2
        while not pool.upstream.count("closed") and time.monotonic() < until:
            time.sleep(0.0005)
        assert pool.idle == 1, "the loop has had no turn"
        assert pool.transport._last_used() is None
        await asyncio.sleep(0)

    play(main, [*whole(b"x"), Wait(0.01), Close()])


def test_bytes_on_an_idle_connection_cost_the_connection_and_are_counted() -> None:
    """F-22: the next client is unaffected."""

    async def main(pool: Pool) -> None:
        await pool.ask()
        await soon(lambda: pool.counted)
        assert pool.counted == ["upstream_desync"]
        assert pool.idle == 0
        assert await pool.ask() == b"good"

    play(main, [*whole(b"x"), Wait(0.003), Send(answer(b"evil")), Stall()], whole(b"good"))


def test_closing_the_transport_drops_the_idle_and_lets_the_others_end() -> None:
    async def main(pool: Pool) -> None:
        await pool.ask()
        task = asyncio.create_task(pool.ask())
        await pool.upstream.saw("request", 2)
        await pool.transport.close()
        assert await task == b"x"
        assert pool.idle == 0

    play(main, [Wait(0.005), *whole(b"x")])


# F-21c: a pooled connection that was closed while our request was on its way.


@pytest.fixture
def taken_at_its_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """No look at the socket before use: what the loop has not seen stays unseen."""
    monkeypatch.setattr(
        "engine.upstream.connection.Connection.is_usable", lambda connection: not connection._transport.is_closing()
    )


def wait_unseen(pool: Pool, word: str, times: int = 1) -> None:
    """Until the provider did it, while the loop has no turn."""
    until = time.monotonic() + 2
    while pool.upstream.count(word) < times and time.monotonic() < until:
        time.sleep(0.0005)


@pytest.mark.usefixtures("taken_at_its_word")
def test_a_request_that_met_a_closed_connection_is_sent_once_more_on_a_fresh_one() -> None:
    async def main(pool: Pool) -> None:
        assert await pool.ask() == b"one"
        wait_unseen(pool, "closed")
        assert await pool.ask() == b"two"

    upstream = play(main, [*whole(b"one"), Wait(0.01), Close()], whole(b"two"))
    assert connections_of(upstream) == [0, 1], "the closed connection took no request"


@pytest.mark.parametrize("ending", [Close(), Reset()])
def test_a_request_that_was_read_is_not_sent_again(ending: Any) -> None:
    """The provider may have acted on it: whether to ask again is for whoever counts attempts."""

    async def main(pool: Pool) -> None:
        assert await pool.ask() == b"one"
        assert await fault_of(pool.ask()) == "upstream_reset"

    assert play(main, whole(b"one"), [ending]).count("request") == 2


def test_a_fresh_connection_is_no_excuse() -> None:
    async def main(pool: Pool) -> None:
        assert await fault_of(pool.ask()) == "upstream_reset"
        assert pool.upstream.count("request") == 1

    play(main, [Close()])


def test_it_is_not_sent_again_once_a_byte_of_an_answer_has_come() -> None:
    async def main(pool: Pool) -> None:
        await pool.ask()
        assert await fault_of(pool.ask()) == "upstream_truncated"

    assert play(main, whole(b"x"), [Send(b"H"), Close()]).count("request") == 2


def test_it_is_not_sent_again_when_the_provider_took_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have worked on the request."""
    monkeypatch.setattr("engine.upstream.connection.RACE", 0.01)

    async def main(pool: Pool) -> None:
        await pool.ask()
        assert await fault_of(pool.ask()) == "upstream_reset"

    assert play(main, whole(b"x"), [Wait(0.03), Close()]).count("request") == 2


def test_it_is_never_sent_again_when_that_is_switched_off() -> None:
    async def main(pool: Pool) -> None:
        await pool.ask()
        assert await fault_of(pool.ask()) == "upstream_reset"

    assert play(main, whole(b"x"), [Close()], repeat=False).count("request") == 2


def test_closes_at_random_moments_around_reuse_cost_nobody_anything() -> None:
    """F-21: no client sees a fault, and no request is carried out twice."""
    dice = random.Random(7)
    carried_out: list[bytes] = []

    def serve(request: bytes) -> Any:
        # An upstream reads a request only while it has not closed: whatever it answers, it has carried out.
        body = request.rpartition(b"\r\n\r\n")[2]
        carried_out.append(body)
        return [*whole(body), Wait(dice.random() * 0.001), *([Close()] if dice.random() < 0.5 else [])]

    async def main(pool: Pool) -> None:
        for number in range(300):
            body = b"%d" % number
            answered = b""
            # Taken by the provider's kernel and never read: nobody can tell, so whoever counts attempts asks again.
            with contextlib.suppress(Fault):
                answered = await pool.ask(body)
            assert (answered or await pool.ask(body)) == body
            await asyncio.sleep(dice.random() * 0.001)

    play(main, choose=serve)
    assert carried_out == [b"%d" % number for number in range(300)]


@pytest.mark.usefixtures("taken_at_its_word")
def test_a_repeated_request_keeps_to_the_bound() -> None:
    """While it waited for its second turn, another one's connection came to lie idle: that one makes room."""

    async def main(pool: Pool) -> None:
        await pool.ask()
        wait_unseen(pool, "closed")
        assert await asyncio.gather(pool.ask(b"1"), pool.ask(b"2")) == [b"1", b"2"]
        assert pool.idle == 1

    def serve(request: bytes) -> Any:
        body = request.rpartition(b"\r\n\r\n")[2]
        return [*whole(body), Wait(0.01), Close()] if body == b"{}" else whole(body)

    upstream = play(main, choose=serve, connections=1)
    assert sorted(r.rpartition(b"\r\n\r\n")[2] for r in upstream.requests) == [b"1", b"2", b"{}"]


def test_two_readers_of_one_stream_are_kept_apart() -> None:
    """Streams on connections of their own do not mix, whatever the order of their pieces."""

    async def main(pool: Pool) -> None:
        async def stream(name: bytes) -> bytes:
            got: list[bytes] = []
            reply = await pool.transport.send(outgoing(pool.upstream.port, name), patience())
            await reply.pour(got.append)
            return b"".join(got)

        assert await asyncio.gather(stream(b"a"), stream(b"b")) == [b"a" * 20, b"b" * 20]

    def serve(request: bytes) -> Any:
        return [Send(CHUNKED_HEAD), *[Send(chunk(request[-1:])), Wait(0.0005)] * 20, Send(b"0\r\n\r\n")]

    play(main, choose=serve)


def test_a_fault_is_not_kept_for_the_next_call() -> None:
    async def main(pool: Pool) -> None:
        call: Outgoing = outgoing(pool.upstream.port)
        with pytest.raises(Fault):
            await pool.transport.send(call, patience(first_byte=0.01))
        assert await (await pool.transport.send(call, patience())).read(10) == b"x"

    play(main, [Stall()], whole(b"x"))


@pytest.mark.parametrize("reused", [True, False])
def test_a_reset_of_a_connection_that_had_lain_idle_is_told_apart(reused: bool) -> None:
    """F-21c: the provider may have read the request, so it is not sent again here; whoever asks again is told that it came
    like an idle connection's end."""
    scripts = [whole(b"ok"), [Reset()]] if reused else [[Reset()]]

    async def main() -> None:
        transport = PoolTransport(provider(upstream.port))
        if reused:
            await (await transport.send(outgoing(upstream.port), patience())).read(9)
        with pytest.raises(Fault) as caught:
            await transport.send(outgoing(upstream.port), patience())
        assert (caught.value.code, caught.value.stale) == ("upstream_reset", reused)
        await transport.close()
        await asyncio.sleep(0)

    with FakeUpstream(*scripts) as upstream:
        run(main)
    assert len(upstream.requests) == len(scripts)
