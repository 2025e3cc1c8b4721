"""F-30, measured: how soon a provider hears that its client is gone, in every phase, and that a crowd leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import orjson
import pytest

from tests.conftest import Measure
from tests.tools.crowd import PATIENCE, Crowd, in_thread
from tests.tools.deployed import CHAT, Deployed, chat, deployed, run, until
from tests.tools.raw import Raw
from tests.tools.serving import get, post
from tests.tools.traces import children, links

TABLE = """
version: 1
server: {listen: "${LISTEN}"}
providers:
  up: {kind: openai, keys: ["${KEY}"], base_url: "${UP}", allow_private: true}
  narrow: {kind: openai, keys: ["${KEY}"], base_url: "${UP}", allow_private: true, connections: 1, wait: 20s}
  few: {kind: openai, keys: ["${KEY}"], base_url: "${UP}", allow_private: true, connections: 8, wait: 20s}
  far: {kind: openai, keys: ["${KEY}"], base_url: "http://127.0.0.1:${FAR}/v1", allow_private: true}
models:
  - {name: "narrow-*", provider: narrow}
  - {name: "few-*", provider: few}
  - {name: "far-*", provider: far}
default: {provider: up}
pipelines:
  chat: [decode, {select: {by: model}}, {call: {retries: 1}}, convert, log]
routes:
  - {match: "POST /v1/chat/completions", speaks: openai_chat, pipeline: chat, public: true}
  - {match: "GET /metrics", pipeline: [metrics]}
"""
TIMES = 50
MANY = 10_000 if os.environ.get("ENGINE_TEST_MANY") else 1_000
AT_ONCE = 40  # of a crowd
# Time for a request to come as far as it can. One that is late is in the phase before, which counts as well.
TO_ARRIVE = 0.003


@pytest.fixture(scope="module")
def crowd() -> Iterator[Crowd]:
    with in_thread() as it:
        yield it


@pytest.fixture(scope="module")
def far() -> Iterator[int]:
    """A port that no connection to is ever made: its backlog is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(address)
        yield address[1]
        for filler in fillers:
            filler.close()


@pytest.fixture(scope="module")
def served(crowd: Crowd, far: int) -> Iterator[Deployed]:
    with deployed(TABLE, UP=crowd.base_url, FAR=str(far), KEY="sk-canary-0123456789") as it:
        it.post(chat("up-whole-first"))  # what a first call makes is made
        yield it


def ask(served: Deployed, model: str, stream: bool = True, body: bytes = b"") -> socket.socket:
    """A client that has asked; its request id is the model's name."""
    sock = socket.create_connection(served.address, timeout=PATIENCE)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.sendall(body or post(orjson.dumps(chat(model, stream=stream)), CHAT, f"x-request-id: {model}"))
    return sock


def leave(sock: socket.socket, how: str) -> tuple[float, float]:
    """(monotonic, wall) seconds of leaving."""
    raw = Raw(sock)
    left = time.monotonic(), time.time()
    (raw.close if how == "fin" else raw.reset)()
    return left


def until_closed(served: Deployed, crowd: Crowd, play: str, wait: Callable[[socket.socket, str], object]) -> list[float]:
    """Seconds from a client's end to the provider's hearing of it, each time."""
    took = []
    for number in range(2 * TIMES):
        model = f"up-{play}-{time.monotonic_ns()}"
        sock = ask(served, model)
        wait(sock, model)
        left, _ = leave(sock, ("fin", "rst")[number % 2])
        took.append(crowd.gone(model).result(PATIENCE) - left)
    assert not crowd.held
    return took


def until_over(
    served: Deployed, play: str, body: Callable[[str], bytes] = lambda _: b"", wait: Callable[[str], object] = lambda _: None
) -> list[float]:
    """Seconds from a client's end to that of its request. The log tells it to the millisecond, so 1 ms is added."""
    left = {}
    for number in range(2 * TIMES):
        model = f"{play}-{time.monotonic_ns()}"
        sock = ask(served, model, stream=False, body=body(model))
        wait(model)
        time.sleep(TO_ARRIVE)
        _, left[model] = leave(sock, ("fin", "rst")[number % 2])
    took = []
    for model, moment in left.items():
        row = served.row(model)
        assert (row["status_code"], row["error_type"]) == (499, "client_gone"), row
        took.append(datetime.fromisoformat(row["timestamp"]).timestamp() + 0.001 - moment)
    return took


def note(measured: Measure, phase: str, end: str, took: list[float]) -> None:
    took = sorted(1000 * seconds for seconds in took)
    what = f"client gone to {end}, {phase}"
    measured(f"{what}, p50", took[len(took) // 2], "ms", at_most=5, hard=500)
    measured(f"{what}, p99", took[len(took) * 99 // 100 - 1], "ms", at_most=20, hard=1000)
    measured(f"{what}, max", took[-1], "ms", at_most=50, hard=2000)


def test_while_the_first_byte_is_waited_for(served: Deployed, crowd: Crowd, measured: Measure) -> None:
    took = until_closed(served, crowd, "hang", lambda _, model: crowd.seen(model).result(PATIENCE))
    note(measured, "waiting for the first byte", "upstream closed", took)


def test_in_the_middle_of_a_stream(served: Deployed, crowd: Crowd, measured: Measure) -> None:
    def wait(sock: socket.socket, model: str) -> None:
        heard = b""
        while model.rpartition("-")[2].encode() not in heard:
            heard += sock.recv(65536)

    note(measured, "mid-stream", "upstream closed", until_closed(served, crowd, "begin", wait))


def test_while_a_retry_sleeps(served: Deployed, crowd: Crowd, measured: Measure) -> None:
    def sleeping(model: str) -> None:
        crowd.seen(model).result(PATIENCE)
        if len(crowd.asked) % 10 == 0:
            served.post(chat("up-whole-well"))  # where nothing succeeds any more, nothing is retried

    note(measured, "while a retry sleeps", "request over", until_over(served, "up-busy", wait=sleeping))
    busy = [model for model in crowd.asked if model.startswith("up-busy")]
    assert len(busy) == len(set(busy)) == 2 * TIMES  # no retry followed


def test_while_a_connection_is_waited_for(served: Deployed, crowd: Crowd, measured: Measure) -> None:
    with ask(served, "narrow-hang-holder"):
        crowd.seen("narrow-hang-holder").result(PATIENCE)
        note(measured, "queued for a connection", "request over", until_over(served, "narrow-whole"))
    crowd.gone("narrow-hang-holder").result(PATIENCE)
    assert not [model for model in crowd.asked if model.startswith("narrow-whole")]
    assert served.post(chat("narrow-whole-after")).json()["id"] == "after"


def test_while_its_body_arrives(served: Deployed, measured: Measure) -> None:
    def half(model: str) -> bytes:
        return get(CHAT, "content-length: 100", f"x-request-id: {model}", method="POST") + b'{"model": "half'

    note(measured, "body arriving", "request over", until_over(served, "up-never", half))


def test_while_connecting(served: Deployed, measured: Measure) -> None:
    before = sockets_of(served)
    note(measured, "connecting", "request over", until_over(served, "far-whole"))
    until(lambda: sockets_of(served) <= before)


def sockets_of(served: Deployed) -> int:
    """What the whole command holds; some of it are connections that lie idle in pools."""
    pids = [served.process.pid, *children(served.process.pid)]
    return sum(link.startswith("socket:") for pid in pids for link in links(pid))


def test_a_crowd_of_random_leavers_leaves_nothing(served: Deployed, crowd: Crowd, measured: Measure) -> None:
    """F-30, F-31, F-38: whenever and however they go. Eight connections serve forty at a time, so that most of them queue."""
    before = served.figure("process_open_fds")
    dice = random.Random(20261120)
    run(leave_at_random(served, dice))
    until(lambda: not crowd.held)
    until(lambda: served.active() == 0)
    measured("upstream connections left open by random leavers", len(crowd.held), f"of {MANY}", at_most=0)
    measured("requests still active after random leavers", served.active(), f"of {MANY}", at_most=0)
    eight_at_once(served, crowd)
    until(lambda: served.figure("process_open_fds") <= before + 8)
    measured(
        "descriptors more than before, beyond the pool's 8", max(0, served.figure("process_open_fds") - before - 8), at_most=0
    )


async def leave_at_random(served: Deployed, dice: random.Random) -> None:
    numbers = iter(range(MANY))

    async def one(number: int) -> None:
        play = dice.choice(["hang", "begin", "stream", "whole", "busy", "once"])
        model = f"few-{play}-{number}"
        raw = await Raw.open(served.address)
        request = post(orjson.dumps(chat(model, stream=play in ("begin", "stream"))), CHAT, f"x-request-id: few{number}")
        await raw.send(request[: dice.choice([len(request)] * 9 + [len(request) - 9])])
        await asyncio.sleep(dice.random() * 0.02)
        match dice.choice(["fin", "rst", "half"]):
            case "fin":
                raw.close()
            case "rst":
                raw.reset()
            case _:
                raw.finish()
                await until_silent(raw)

    async def some() -> None:
        for number in numbers:
            await one(number)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(some())


async def until_silent(raw: Raw) -> None:
    """F-31: who ends its side is let go; what is left of an answer may come before that."""
    try:
        await raw.read_to_end()
    except ConnectionResetError:
        pass
    raw.close()


def eight_at_once(served: Deployed, crowd: Crowd) -> None:
    """F-38: no permit was lost, and every answer on the pooled connections is that to its question."""
    socks = [ask(served, f"few-begin-last{n}") for n in range(8)]
    for n in range(8):
        crowd.seen(f"few-begin-last{n}").result(PATIENCE)
    for n, sock in enumerate(socks):
        heard = b""
        while b"\n\n" not in heard:
            heard += sock.recv(65536)
        assert f'"id":"last{n}"'.encode() in heard
        sock.close()
    until(lambda: not crowd.held)
    answers: list[dict[str, Any]] = [served.post(chat(f"few-whole-mark{n}")).json() for n in range(8)]
    assert [told["id"] for told in answers] == [f"mark{n}" for n in range(8)]


def test_who_is_cut_by_a_shutdown_did_not_leave(crowd: Crowd, measured: Measure) -> None:
    """F-30, F-60: its task is cancelled like that of a client that is gone, and the log tells the two apart."""
    table = TABLE.replace('server: {listen: "${LISTEN}"}', 'server: {listen: "${LISTEN}", timeouts: {shutdown: 100ms}}')
    with deployed(table, UP=crowd.base_url, FAR="1", KEY="sk-canary-0123456789") as served:
        models = [f"up-{play}-cut{n}" for n, play in enumerate(["hang", "begin"] * 10)]
        socks = [ask(served, model, stream="-begin-" in model) for model in models]
        for model in models:
            crowd.seen(model).result(PATIENCE)
        served.process.send_signal(signal.SIGTERM)
        rows = [served.row(model) for model in models]
        for sock in socks:
            sock.close()
    assert {(row["status_code"], row["error_type"]) for row in rows} == {(503, "shutting_down"), (200, "shutting_down")}
    measured("cut by a shutdown and logged as 499", sum(row["status_code"] == 499 for row in rows), "of 20", at_most=0)
    assert not crowd.held
