"""engine/server/line.py: back-pressure both ways, and the clocks of a connection."""

from __future__ import annotations

import asyncio
from typing import Any

from engine.server.door import Door
from engine.server.line import Line
from engine.settings import Server, Timeouts
from engine.web import Request, Response
from tests.tools.clock import Clock
from tests.tools.raw import turns, until
from tests.tools.services import RememberingMeter
from tests.tools.serving import Tap, echo, get, post, serving, streamed

PIECE = b"p" * 16384


def test_a_slow_reader_pauses_the_source_and_little_is_held_f32(run) -> None:
    tap = Tap()

    async def handler(request: Request, client: Any) -> None:
        await client.stream(streamed(tap), lambda _: None)

    async def main() -> None:
        async with serving(handler, send_buffer=8192) as served, await served.connect(receive_buffer=4096) as client:
            await client.send(get(version="1.0"))
            await until(lambda: tap.write)
            pushed = 0
            while not tap.paused:
                tap.push(PIECE)
                pushed += 1
                await asyncio.sleep(0)
            assert pushed < 20, "64 KiB of ours, one piece, and what two small kernel buffers hold"
            got = b""
            while tap.paused:
                got += await client.read()
            tap.push(b"last")
            tap.end()
            got += await client.read_to_end()
            assert got.partition(b"\r\n\r\n")[2] == PIECE * pushed + b"last"

    run(main())
    assert tap.calls[-1] == "close"
    assert [call for call in tap.calls if call != "close"][:2] == ["pause", "resume"]


def test_the_next_request_waits_until_the_answer_has_drained(run) -> None:
    handled: list[str] = []

    async def handler(request: Request, client: Any) -> None:
        handled.append(request.path)
        client.send(Response(200, [], PIECE * 40))

    async def main() -> None:
        async with serving(handler, send_buffer=8192) as served, await served.connect(receive_buffer=4096) as client:
            await client.send(get("/1") + get("/2"))
            await until(lambda: handled)
            await turns(20)
            assert handled == ["/1"]
            answers = await client.answers("GET", "GET")
            assert [len(answer.body) for answer in answers] == [len(PIECE) * 40] * 2

    run(main())
    assert handled == ["/1", "/2"]


def test_input_that_nobody_asks_for_is_not_taken_in_f36(run) -> None:
    async def main() -> None:
        go_on = asyncio.get_running_loop().create_future()

        async def handler(request: Request, client: Any) -> None:
            await go_on
            await echo(request, client)

        async with serving(handler) as served, await served.connect() as client:
            body = b"x" * 8_000_000
            sending = asyncio.ensure_future(client.send(get("/a") + post(body, "/b")))
            (connection,) = await _connections(served, 1)
            await until(lambda: connection._input_paused)
            await turns(20)
            assert connection._reader.buffered <= 64 * 1024 + 256 * 1024
            assert not sending.done()
            go_on.set_result(None)
            first, second = await client.answers("GET", "POST")
            await sending
            assert (first.body, second.body) == (b"GET /a ", b"POST /b " + body)

    run(main())


def test_a_body_is_taken_in_as_it_is_handled(run) -> None:
    async def main() -> None:
        step = asyncio.Semaphore(0)
        sizes: list[int] = []

        async def handler(request: Request, client: Any) -> None:
            assert request.incoming is not None
            async for piece in request.incoming.chunks():
                sizes.append(len(piece))
                await step.acquire()
            client.send(Response(200, [], b"%d" % sum(sizes)))

        async with serving(handler) as served, await served.connect() as client:
            sending = asyncio.ensure_future(client.send(post(b"x" * 8_000_000)))
            (connection,) = await _connections(served, 1)
            await until(lambda: connection._input_paused)
            assert not sending.done()
            while not sending.done():
                step.release()
                await turns()
            for _ in range(1000):
                step.release()
            assert (await client.answer("POST")).body == b"8000000"
            assert max(sizes) <= 64 * 1024 + 256 * 1024

    run(main())


def test_an_idle_connection_is_closed_without_a_word(run) -> None:
    async def main() -> None:
        async with serving(echo, idle=0.02) as served, await served.connect() as fresh, await served.connect() as used:
            await used.send(get("/a"))
            assert (await used.answer()).status == 200
            assert await used.read_to_end() == b""
            assert await fresh.read_to_end() == b""
            assert served.refused == []

    run(main())


def test_a_head_that_does_not_come_is_408_counted_from_its_first_byte_f33(run) -> None:
    async def main() -> None:
        async with serving(echo, head=0.03) as served, await served.connect() as client:
            # A first request, and time before the second: the clock begins with its first byte.
            await client.send(get("/a"))
            await client.answer()
            await asyncio.sleep(0.04)
            began = asyncio.get_running_loop().time()
            for byte in get("/" + "b" * 100):
                client.sock.send(bytes([byte]))
                await asyncio.sleep(0.005)
                if served.refused:
                    break
            assert asyncio.get_running_loop().time() - began >= 0.02
            answer = await client.answer()
            assert (answer.status, answer.headers["connection"]) == (408, "close")
            assert await client.read_to_end() == b""
            assert served.refused == [("request_timeout", "")]

    run(main())


def test_a_body_that_does_not_come_is_408_f33(run) -> None:
    async def main() -> None:
        async with serving(echo, body=0.03) as served, await served.connect() as client:
            await client.send(post(b"body", "/a")[:-1])
            answer = await client.answer()
            assert (answer.status, answer.headers["connection"]) == (408, "close")
            assert await client.read_to_end() == b""
            assert served.refused == [("request_timeout", "/a")]

    run(main())


def test_a_body_that_drips_is_408_before_its_time_is_over_f33(run) -> None:
    """Below the rate it has the grace, and every byte adds what it should have taken; one that is fast enough goes on."""

    async def drip(served: Any, bytes_at_once: int) -> Any:
        async with await served.connect() as client:
            body = b"b" * 400
            await client.send(post(body, "/a")[: -len(body)])
            for at in range(0, len(body), bytes_at_once):
                if served.refused:
                    break
                await client.send(body[at : at + bytes_at_once])
                await asyncio.sleep(0.02)
            return await client.answer("POST")

    async def main() -> None:
        async with serving(echo, limits={"body_rate": 1000}, body_grace=0.1) as served:
            assert (await drip(served, 40)).status == 200
            began = asyncio.get_running_loop().time()
            assert (await drip(served, 4)).status == 408
            assert 0.1 < asyncio.get_running_loop().time() - began < 1.5
            assert served.refused == [("request_timeout", "/a")]
        async with serving(echo, limits={"body_rate": 0}, body_grace=0.05) as served:
            assert (await drip(served, 20)).status == 200

    run(main())


def test_a_client_that_takes_nothing_is_dropped_on_both_sides_f32(run) -> None:
    tap = Tap()

    async def handler(request: Request, client: Any) -> None:
        await client.stream(streamed(tap), lambda _: None)

    async def main() -> None:
        async with (
            serving(handler, send_buffer=8192, write=0.03) as served,
            await served.connect(receive_buffer=4096) as client,
        ):
            await client.send(get())
            await until(lambda: tap.write)
            while not tap.paused:
                tap.push(PIECE)
                await asyncio.sleep(0)
            await until(lambda: served.listener.connections == 0)

    run(main())
    assert tap.cancelled


def test_a_last_answer_that_is_not_taken_is_dropped_too(run) -> None:
    async def handler(request: Request, client: Any) -> None:
        client.send(Response(200, [], PIECE * 40))

    async def main() -> None:
        async with (
            serving(handler, send_buffer=8192, write=0.03) as served,
            await served.connect(receive_buffer=4096) as client,
        ):
            await client.send(get("/", "connection: close"))
            await until(lambda: served.listener.connections == 1)
            await until(lambda: served.listener.connections == 0)

    run(main())


class Held:
    """A transport of which the test says how much it holds."""

    def __init__(self) -> None:
        self.held = 0
        self.aborted = False

    def get_write_buffer_size(self) -> int:
        return self.held

    def write(self, data: bytes) -> None:
        self.held += len(data)

    def abort(self) -> None:
        self.aborted = True


def test_a_client_that_takes_a_little_is_not_dropped() -> None:
    clock = Clock()
    door = Door(echo, lambda fault, path: Response(500), Server(timeouts=Timeouts(write=60.0)), RememberingMeter(), print)
    line = Line(door, clock)  # type: ignore[arg-type]
    line._transport = transport = Held()  # type: ignore[assignment]
    transport.held = 70_000
    line.pause_writing()
    clock.run_to(30)
    line._write(b"x" * 1000)
    transport.held -= 1
    clock.run_to(61)
    assert not transport.aborted, "it took one byte, and more was written than that"
    clock.run_to(122)
    assert transport.aborted


async def _connections(served: Any, count: int) -> list[Any]:
    await until(lambda: served.listener.connections == count)
    return list(served.listener._door.census)
