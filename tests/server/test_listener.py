"""engine/server/listener.py: accepting, draining and ending."""

from __future__ import annotations

import asyncio
import re
import socket
from typing import Any

import pytest

from engine.server import listener as subject
from engine.server.sockets import UNSENT, bind_sockets
from engine.settings import Limits, Server, Timeouts
from engine.web import Request
from tests.tools.raw import Raw, turns, until
from tests.tools.serving import Plain, Served, Tap, echo, get, post, serving, streamed


def test_it_says_where_it_listens(run) -> None:
    async def main() -> None:
        async with serving(echo) as served:
            (address,) = served.listener.addresses
            assert re.fullmatch(r"127\.0\.0\.1:[0-9]+", address)

    run(main())


def test_nagle_is_off_on_both_loops(run) -> None:
    async def main() -> None:
        async with serving(echo) as served, await served.connect():
            await until(lambda: served.listener.connections == 1)
            (connection,) = served.listener._door.census
            sock = connection._transport.get_extra_info("socket")  # type: ignore[attr-defined]
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

    run(main())


def test_the_kernel_holds_little_for_a_client_that_does_not_read(run) -> None:
    """F-32: what is set on the listening socket holds for its connections."""

    async def main() -> None:
        async with serving(echo) as served, await served.connect():
            await until(lambda: served.listener.connections == 1)
            (connection,) = served.listener._door.census
            sock = connection._transport.get_extra_info("socket")  # type: ignore[attr-defined]
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT) == UNSENT

    run(main())


def test_stop_accepting_keeps_what_is_open(run) -> None:
    async def main() -> None:
        async with serving(echo) as served, await served.connect() as client:
            await client.send(get("/a"))
            await client.answer()
            served.listener.stop_accepting()
            served.listener.stop_accepting()
            await turns()
            with pytest.raises(OSError):
                await served.connect()
            await client.send(get("/b"))
            assert (await client.answer()).body == b"GET /b "

    run(main())


def test_a_reload_changes_clocks_at_once_and_limits_for_the_next_connection(run) -> None:
    async def main() -> None:
        async with serving(echo) as served, await served.connect() as old:
            await old.send(get("/a"))
            await old.answer()
            served.listener.adopt(Server(limits=Limits(target=4), timeouts=Timeouts(idle=0.02)))
            await old.send(get("/longer"))
            assert (await old.answer()).status == 200
            assert await old.read_to_end() == b""
            async with await served.connect() as new:
                await new.send(get("/longer"))
                assert (await new.answer()).status == 414

    run(main())


def test_drain_lets_answers_end_and_closes_what_is_idle_f60(run) -> None:
    tap = Tap()

    async def handler(request: Request, client: Any) -> None:
        if request.path == "/stream":
            await client.stream(streamed(tap), lambda _: None)
        else:
            await echo(request, client)

    async def main() -> None:
        async with (
            serving(handler) as served,
            await served.connect() as idle,
            await served.connect() as streaming,
            await served.connect() as half,
        ):
            await idle.send(get("/a"))
            await idle.answer()
            await streaming.send(get("/stream") + get("/next"))
            await until(lambda: tap.write)
            await half.send(get("/half")[:9])
            await turns()
            served.listener.stop_accepting()
            draining = asyncio.ensure_future(served.listener.drain(5.0))
            assert await idle.read_to_end() == b""
            await half.send(get("/half")[9:])
            answer = await half.answer()
            assert (answer.body, answer.headers["connection"]) == (b"GET /half ", "close")
            assert await half.read_to_end() == b""
            await until(lambda: served.listener.connections == 1)
            tap.push(b"rest")
            tap.end()
            first = await streaming.answer()
            assert (first.body, "connection" in first.headers) == (b"rest", False)
            second = await streaming.answer()
            assert (second.body, second.headers["connection"]) == (b"GET /next ", "close")
            assert await streaming.read_to_end() == b""
            assert await draining == 0

    run(main())


def test_drain_answers_a_first_request_that_was_on_its_way(run) -> None:
    async def main() -> None:
        async with serving(echo) as served, await served.connect() as client:
            await until(lambda: served.listener.connections == 1)
            draining = asyncio.ensure_future(served.listener.drain(5.0))
            await turns()
            await client.send(get("/a"))
            answer = await client.answer()
            assert (answer.body, answer.headers["connection"]) == (b"GET /a ", "close")
            assert await draining == 0

    run(main())


def test_drain_gives_up_in_time_and_says_how_many_are_left(run) -> None:
    async def handler(request: Request, client: Any) -> None:
        await asyncio.get_running_loop().create_future()

    async def main() -> None:
        async with serving(handler) as served, await served.connect() as client:
            await client.send(get("/a"))
            await until(lambda: served.listener.connections == 1)
            assert await served.listener.drain(0.01) == 1

    run(main())


def test_drain_with_nobody_there_is_over_at_once(run) -> None:
    async def main() -> None:
        async with serving(echo) as served:
            assert await served.listener.drain(100.0) == 0

    run(main())


def test_close_now_tells_what_is_in_flight_f60(run) -> None:
    tap, ended = Tap(), []

    async def handler(request: Request, client: Any) -> None:
        try:
            if request.path == "/stream":
                await client.stream(streamed(tap), lambda _: None)
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError as exc:
            ended.append(exc.args)
            raise

    async def main() -> None:
        async with (
            serving(handler) as served,
            await served.connect() as streaming,
            await served.connect() as waiting,
            await served.connect() as idle,
        ):
            await streaming.send(get("/stream"))
            await waiting.send(get("/wait"))
            await until(lambda: tap.write and served.listener.connections == 3)
            served.listener.stop_accepting()
            served.listener.close_now()
            assert (await streaming.answer()).body == b"!shutting_down"
            assert (await waiting.answer()).body == b"shutting_down"
            assert await idle.read_to_end() == b""
            assert await served.listener.drain(5.0) == 0

    run(main())
    # Not counted as clients that left.
    assert ended == [("shutting_down",)] * 2
    assert tap.cancelled


def test_close_now_does_not_wait_for_who_takes_nothing(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.server.connection.LINGER_SECONDS", 0.03)
    monkeypatch.setattr("engine.server.line.LINGER_SECONDS", 0.03)
    tap = Tap()

    async def handler(request: Request, client: Any) -> None:
        await client.stream(streamed(tap, Plain(words=b"bye")), lambda _: None)

    async def main() -> None:
        async with serving(handler, send_buffer=8192) as served, await served.connect(receive_buffer=4096) as client:
            await client.send(get())
            await until(lambda: tap.write)
            while not tap.paused:
                tap.push(b"x" * 16384)
                await asyncio.sleep(0)
            served.listener.close_now()
            assert await served.listener.drain(5.0) == 0

    run(main())


class Shut:
    """A gate that the test opens."""

    def __init__(self) -> None:
        self.is_shut = True
        self.looks: list[float] = []

    def shut(self, share: float = 1.0) -> bool:
        self.looks.append(share)
        return self.is_shut


def test_without_descriptors_connections_are_shed_and_it_recovers_f42(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "_PAUSE", 0.01)

    async def main() -> None:
        async with serving(echo) as served, await served.connect() as idle, await served.connect() as busy:
            for client in (idle, busy):
                await client.send(get("/a"))
                await client.answer()
            await busy.send(post(b"body")[:-1])
            await turns()
            served.listener._gate = gate = Shut()  # type: ignore[assignment]
            async with await served.connect() as beyond:
                assert await beyond.read_to_end() == b""
            assert served.meter.counts["accepts_shed"] == 1
            assert await idle.read_to_end() == b"", "idle ones make room"
            async with await served.connect() as queued:  # in the kernel's queue
                await queued.send(get("/queued"))
                await until(lambda: 0.9 in gate.looks)
                assert served.listener.connections == 1
                gate.is_shut = False
                assert (await queued.answer()).body == b"GET /queued "
            await busy.send(b"y")
            assert (await busy.answer()).status == 200

    run(main())


def test_stopping_while_it_holds_back_is_possible(run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with serving(echo) as served:
            served.listener._stand_back()

    run(main())


def test_every_address_of_a_host_is_served(run) -> None:
    async def main() -> None:
        served = Served(echo, {}, {})
        await served.listener.start(bind_sockets("localhost:0") + bind_sockets("127.0.0.1:0"))
        for address in served.listener.addresses:
            host, _, port = address.rpartition(":")
            async with await Raw.open((host.strip("[]"), int(port))) as client:
                await client.send(get("/a"))
                assert (await client.answer()).body == b"GET /a "
        await served.stop()

    run(main())
