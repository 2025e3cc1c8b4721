"""More than the gateway can carry, against the real command: the excess is told so at once, the rest is served as ever."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import orjson
import pytest

from tests.conftest import Measure
from tests.tools.deployed import CHAT, Deployed, chat, deployed, run, until
from tests.tools.load import cut_short, posting, stream
from tests.tools.raw import Answer, Raw

MOST = 20
DELAY = 0.2  # seconds that the provider takes
TABLE = """
version: 1
server:
  listen: "${LISTEN}"
  limits: {requests: 20}
providers:
  echo: {kind: echo, by_headers: true, pace: 1ms}
default: {provider: echo}
pipelines:
  chat: [decode, {select: {by: model}}, call, convert, log]
routes:
  - {match: "POST /v1/chat/completions", speaks: openai_chat, pipeline: chat, public: true}
  - {match: "POST /anthropic/v1/messages", speaks: anthropic_messages, pipeline: chat, public: true}
  - {match: "POST /gemini/{version}/models/{model}:generateContent", speaks: gemini_generate, pipeline: chat, public: true}
  - {match: "GET /health", pipeline: [{health: {shape: detailed}}]}
  - {match: "GET /metrics", pipeline: [metrics]}
"""
ASK = posting(chat("m"), x_echo_delay="200ms")


@pytest.fixture(scope="module")
def served() -> Iterator[Deployed]:
    with deployed(TABLE) as it:
        yield it


@dataclass
class Outcome:
    """Seconds of each answer, by what it was."""

    accepted: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    headers: set[str] = field(default_factory=set)

    async def ask(self, raw: Raw) -> bool:
        """Whether the connection is kept."""
        began = time.perf_counter()
        await raw.send(ASK)
        answer = await raw.answer("POST")
        took = time.perf_counter() - began
        if answer.status == 200:
            self.accepted.append(took)
        else:
            assert (answer.status, orjson.loads(answer.body)["error"]["code"]) == (503, "overloaded")
            self.headers.add(answer.headers["retry-after"])
            self.refused.append(took)
        return answer.headers.get("connection") != "close"


async def offered(address: tuple[str, int], rate: float, seconds: float) -> Outcome:
    """`rate` requests a second begin on time, whatever becomes of those before; connections are kept."""
    outcome, free, asking = Outcome(), list[Raw](), set[asyncio.Task[None]]()

    async def one() -> None:
        raw = free.pop() if free else await Raw.open(address)
        if await outcome.ask(raw):
            free.append(raw)
        else:
            raw.close()

    began = time.monotonic()
    for n in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, began + n / rate - time.monotonic()))
        task = asyncio.create_task(one())
        asking.add(task)
    await asyncio.gather(*asking)
    for raw in free:
        raw.close()
    return outcome


def p99(took: list[float]) -> float:
    return sorted(took)[int(len(took) * 0.99)]


def test_twice_of_what_can_be_carried(served: Deployed, measured: Measure) -> None:
    """F-41: 20 requests of 200 ms under way are a capacity of 100 a second; 200 a second are offered. As many are answered as
    without the excess, as quickly, and the excess knows at once."""
    capacity, seconds = MOST / DELAY, 2.0
    normal = run(offered(served.address, capacity * 0.5, 0.6))
    assert normal.refused == []
    outcome = run(offered(served.address, capacity * 2, seconds))
    usual, loaded = p99(normal.accepted) * 1000, p99(outcome.accepted) * 1000
    goodput = len(outcome.accepted) / (capacity * seconds)
    measured("goodput at twice the capacity", goodput * 100, "%", at_least=90, hard=50)
    measured("p99 of what was accepted", loaded, f"ms, {usual:.0f} without overload", at_most=2 * usual, hard=10 * usual)
    measured("p99 of the 503s", p99(outcome.refused) * 1000, "ms", at_most=10, hard=500)
    assert outcome.headers == {"1"}
    assert served.figure("engine_refused_total", kind="overloaded") >= len(outcome.refused)
    until(lambda: [line for line in served.said if "the gateway is at its limit" in line])
    told = [line for line in served.said if "the gateway is at its limit" in line]
    measured("lines on stderr for it", len(told), at_most=6)


async def _held(served: Deployed) -> list[asyncio.Task[Answer]]:
    """As many streams as there is room for, under way."""
    request = posting(chat("m", "w " * 20, stream=True), x_echo_pace="50ms")
    streams = [asyncio.create_task(stream(served.address, request)) for _ in range(MOST)]
    await asyncio.to_thread(until, lambda: served.active() == MOST)
    return streams


def test_when_every_place_is_taken(served: Deployed, measured: Measure) -> None:
    """F-41: the 503 is in the words of the path, kept connections stay, health and figures are told, streams go on; a request
    whose body is still to come takes no place, and one whose body is not read is the connection's last (I5)."""

    async def main() -> tuple[int, float]:
        streams = await _held(served)
        slowest = 0.0
        async with await Raw.open(served.address) as raw:
            for path, code in (
                (CHAT, ("server_error", "overloaded")),
                ("/anthropic/v1/messages", ("overloaded_error", "overloaded")),
                ("/gemini/v1/models/m:generateContent", (503, "UNAVAILABLE")),
            ):
                began = time.perf_counter()
                await raw.send(posting(chat("m"), path))
                answer = await raw.answer("POST")
                slowest = max(slowest, time.perf_counter() - began)
                assert (answer.status, answer.headers["retry-after"]) == (503, "1")
                assert "connection" not in answer.headers
                assert _code_of(orjson.loads(answer.body)) == code
            for path in (b"/health", b"/metrics"):
                began = time.perf_counter()
                await raw.send(b"GET %b HTTP/1.1\r\nhost: x\r\n\r\n" % path)
                assert (await raw.answer()).status == 200
                slowest = max(slowest, time.perf_counter() - began)
        async with await Raw.open(served.address) as raw:
            await raw.send(ASK[:-1])
            answer = await raw.answer("POST")
            assert (answer.status, answer.headers["connection"]) == (503, "close")
            assert await raw.read_to_end() == b""
        return len(cut_short(await asyncio.gather(*streams))), slowest

    cut, slowest = run(main())
    measured("slowest 503, health and metrics while full", slowest * 1000, "ms", at_most=10, hard=500)
    measured("streams cut by it", cut, f"of {MOST}", at_most=0)
    assert served.post(chat("m")).status_code == 200


def _code_of(told: dict[str, dict[str, object]]) -> tuple[object, object]:
    error = told["error"]
    if "status" in error:
        return error["code"], error["status"]
    return error["type"], error["code"]


def test_slow_bodies_take_no_place(served: Deployed) -> None:
    """F-33, F-41: three times as many as there are places send nothing of their bodies; everybody else is served."""

    async def main() -> None:
        slow = [await Raw.open(served.address) for _ in range(3 * MOST)]
        for raw in slow:
            await raw.send(ASK[:-5])
        await asyncio.to_thread(until, lambda: served.active() == 3 * MOST)
        outcome = Outcome()
        async with await Raw.open(served.address) as raw:
            for _ in range(3):
                await outcome.ask(raw)
        assert len(outcome.accepted) == 3
        for raw in slow[:MOST]:
            await raw.send(ASK[-5:])
        assert {(await raw.answer("POST")).status for raw in slow[:MOST]} == {200}
        for raw in slow:
            raw.close()

    run(main())
