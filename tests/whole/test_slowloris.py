"""Thousands of clients that send little or nothing, against the real command. ENGINE_TEST_MANY=1 takes as many as
are promised; else a quarter, for the time that it takes."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack

import pytest

from tests.conftest import Measure
from tests.tools.deployed import Deployed, chat, deployed, run
from tests.tools.load import posting
from tests.tools.raw import Raw
from tests.tools.running import children_of

MANY = 4000 if os.environ.get("ENGINE_TEST_MANY") else 1000
TABLE = """
version: 1
server:
  listen: "${LISTEN}"
SERVER
providers:
  echo: {kind: echo, by_headers: true, pace: 1ms}
default: {provider: echo}
pipelines:
  chat: [decode, {select: {by: model}}, call, convert, log]
routes:
  - {match: "POST /v1/chat/completions", speaks: openai_chat, pipeline: chat, public: true}
  - {match: "GET /word", public: true, pipeline: [{respond: {body: "one"}}]}
  - {match: "GET /metrics", pipeline: [metrics]}
"""
ASK = posting(chat("m"))
WORD = b"GET /word HTTP/1.1\r\nhost: x\r\n\r\n"


def table(server: str) -> str:
    return TABLE.replace("SERVER\n", server)


async def asked(address: tuple[str, int], request: bytes = ASK) -> float:
    """Milliseconds of one request on a connection of its own."""
    began = time.perf_counter()
    async with await Raw.open(address) as raw:
        await raw.send(request)
        assert (await raw.answer("POST")).status == 200
    return (time.perf_counter() - began) * 1000


async def probed(address: tuple[str, int], seconds: float) -> list[float]:
    """Milliseconds of each of the requests that follow each other for so long, in order of size."""
    end, took = time.monotonic() + seconds, []
    while time.monotonic() < end:
        took.append(await asked(address))
        await asyncio.sleep(0.005)
    return sorted(took)


async def drip(raws: Sequence[Raw], piece: bytes) -> None:
    """One piece more from everybody, again and again. Those that were ended are left."""
    while True:
        for place, raw in enumerate(raws):
            try:
                raw.sock.send(piece)
            except OSError:
                pass
            if place % 100 == 99:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)


async def crowd_of(served: Deployed, stack: AsyncExitStack, count: int, says: bytes) -> list[Raw]:
    crowd = []
    for _ in range(count):
        crowd.append(raw := await stack.enter_async_context(await Raw.open(served.address)))
        raw.sock.send(says)
    return crowd


async def beside(served: Deployed, says: bytes, piece: bytes) -> list[float]:
    """What a client sees beside a crowd that sends `says`, and then `piece` at a time."""
    async with AsyncExitStack() as stack:
        crowd = await crowd_of(served, stack, MANY, says)
        await asked(served.address)  # waits until all of them are taken in
        dripping = asyncio.create_task(drip(crowd, piece))
        try:
            return await probed(served.address, 1.0)
        finally:
            dripping.cancel()


def p99(took: list[float]) -> float:
    return took[int(len(took) * 0.99)]


HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"


@pytest.fixture(scope="module")
def roomy() -> Iterator[Deployed]:
    """No cap on an address."""
    with deployed(table("  limits: {unfinished_per_address: 100000}\n")) as served:
        yield served


@pytest.mark.parametrize(
    ("slow", "says", "piece"),
    [
        ("heads", HEAD, b"x-a: b\r\n"),
        ("bodies", HEAD + b"content-length: 9000\r\n\r\n{", b" "),
        ("bodies in chunks of one byte", HEAD + b"transfer-encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    ],
)
def test_a_client_beside_slow_ones(roomy: Deployed, slow: str, says: bytes, piece: bytes, measured: Measure) -> None:
    """F-33: a header line at a time, or a byte, from everybody, several times a second. They take no place from requests."""
    took = run(beside(roomy, says, piece))
    measured(f"p99 of {len(took)} probes beside {MANY} slow {slow}", p99(took), "ms", at_most=100, hard=2000)


def test_an_address_may_owe_only_so_many_heads(measured: Measure) -> None:
    """F-33: the crowd is cut down to the cap; who sends at once is served, from the same address, all the while."""

    async def main(served: Deployed) -> tuple[int, list[float]]:
        async with AsyncExitStack() as stack:
            crowd = await crowd_of(served, stack, 300, b"GET /word HTTP/1.1\r\n")
            idle = [await stack.enter_async_context(await Raw.open(served.address)) for _ in range(100)]
            took = await probed(served.address, 1.4)
            heard = [await _told(raw) for raw in crowd]
            assert {told for told in heard if told} == {b"HTTP/1.1 408 Request Timeout"}
            gone = sum(bool(told) for told in heard)
            await idle[-1].send(WORD)
            assert (await idle[-1].answer()).status == 200
            return gone, took

    with deployed(table("  limits: {unfinished_per_address: 120}\n")) as served:
        gone, took = run(main(served))
        measured("of 400 that owe a head, 120 being allowed, were ended with 408", gone, at_least=270)
        measured(f"p99 of {len(took)} probes from the same address", p99(took), "ms", at_most=100, hard=2000)
        assert served.figure("engine_events_total", kind="unfinished_ended") >= 270


async def _told(raw: Raw) -> bytes:
    """The status line that has come by now, or b""."""
    try:
        return raw.sock.recv(65536).split(b"\r\n")[0]
    except BlockingIOError:
        return b""


def test_a_slow_body_is_cut_by_its_rate_and_a_slow_head_by_its_clock(measured: Measure) -> None:
    """F-33: 408 and FIN; one that keeps the rate is answered though it takes longer than the grace."""
    server = "  limits: {body_rate: 2KiB}\n  timeouts: {head: 300ms, body_grace: 300ms, body: 3s}\n"
    start, _, body = posting(chat("m", "w" * 1500)).partition(b"\r\n\r\n")
    start += b"\r\n\r\n"

    async def sent(served: Deployed, first: bytes, rest: bytes, at_once: int) -> tuple[int, float]:
        async with await Raw.open(served.address) as raw:
            began = time.monotonic()
            await raw.send(first)
            for at in range(0, len(rest), at_once):
                if await _waiting(raw):
                    break
                await raw.send(rest[at : at + at_once])
                await asyncio.sleep(0.05)
            answer = await raw.answer("POST")
            took = time.monotonic() - began
            if answer.status != 200:
                assert await raw.read_to_end() == b""
            return answer.status, took

    with deployed(table(server)) as served:
        status, took = run(sent(served, start, body, 160))
        assert (status, took > 0.4) == (200, True)
        for what, first, rest in (("head", b"", start + body), ("body", start, body)):
            status, took = run(sent(served, first, rest, 1))
            assert status == 408
            measured(f"until a dripping {what} got its 408, 300 ms being allowed", took, "s", at_most=0.6, hard=2.9)
        assert served.figure("engine_refused_total", kind="request_timeout") == 1, "the head; the body has a route and its row"
        until_said = [line for line in served.said if "did not arrive in time" in line]
        assert len(until_said) <= 2


async def _waiting(raw: Raw) -> bool:
    try:
        return bool(raw.sock.recv(1, 2))  # MSG_PEEK
    except BlockingIOError:
        return False


def test_idle_connections_make_room_for_new_ones(measured: Measure) -> None:
    """F-34: at the limit, the longest idle one is closed in favour of the newcomer; a stream is not."""

    async def main(served: Deployed) -> tuple[int, int]:
        async with AsyncExitStack() as stack:
            streaming = await stack.enter_async_context(await Raw.open(served.address))
            await streaming.send(posting(chat("m", "w " * 40, stream=True), x_echo_pace="50ms"))
            idle = [await stack.enter_async_context(await Raw.open(served.address)) for _ in range(49)]
            for raw in idle:
                await raw.send(WORD)
                await raw.answer()
            await asyncio.sleep(1.1)
            statuses = []
            for _ in range(20):
                new = await stack.enter_async_context(await Raw.open(served.address))
                await new.send(WORD)
                statuses.append((await new.answer()).status)
            closed = [await raw.read() == b"" for raw in idle[:20]]
            for raw in idle[20:25]:
                await raw.send(WORD)
                assert (await raw.answer()).status == 200
            assert (await streaming.answer("POST")).body.endswith(b"[DONE]\n\n")
            return statuses.count(200), closed.count(True)

    with deployed(table("  limits: {connections: 50}\n")) as served:
        answered, closed = run(main(served))
        measured("of 20 newcomers at the limit of 50 were answered", answered, at_least=20)
        measured("idle connections closed for them, the longest idle first", closed, at_least=20)


def test_idle_connections_are_cheap(measured: Measure) -> None:
    """F-34: memory of each, after a request; and the next request of any of them is answered as ever."""

    async def main(served: Deployed, worker: int) -> tuple[float, float]:
        async with AsyncExitStack() as stack:
            warm = [await stack.enter_async_context(await Raw.open(served.address)) for _ in range(50)]
            for raw in warm:
                await raw.send(ASK)
                await raw.answer("POST")
            before = resident(worker)
            idle = await crowd_of(served, stack, MANY, ASK)
            for raw in idle:
                await raw.answer("POST")
            await asyncio.sleep(0.1)
            grown = (resident(worker) - before) / MANY
            return grown, p99(await probed(served.address, 0.5))

    with deployed(table("")) as served:
        grown, slowest = run(main(served, children_of(served.process.pid)[0]))
        measured(f"memory of an idle connection, of {MANY}", grown / 1024, "KiB", at_most=4, hard=16)
        measured(f"p99 of probes beside {MANY} idle connections", slowest, "ms", at_most=100, hard=2000)


def resident(pid: int) -> int:
    """Bytes."""
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
