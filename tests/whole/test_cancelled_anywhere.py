"""F-38: the client leaves at the k-th await of the whole path, for every k; then nothing is held, counted or mixed up.

Listener, interpreter, stages and transports are the real ones, in this process, so that every await can be counted.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
import uvloop

from engine.limits.retry import RetryBudget
from engine.observe.metrics import Figures
from engine.runtime.generation import check_table
from engine.runtime.serving import Serving
from engine.runtime.table import Table
from engine.server.sockets import bind_sockets
from engine.stages import call
from engine.upstream.httpx_transport import HttpxTransport
from engine.upstream.pool import PoolTransport
from tests.conftest import Measure
from tests.tools.crowd import Crowd
from tests.tools.cutting import Cutter
from tests.tools.deployed import CHAT, chat
from tests.tools.raw import Raw, until
from tests.tools.serving import get, post

TABLE = """
version: 1
server: {listen: "127.0.0.1:0"}
providers:
  up: {kind: openai, keys: [k], base_url: "${UP}", allow_private: true, connections: 2}
  other: {kind: openai, keys: [k], base_url: "${UP}", allow_private: true, connections: 2}
  named: {kind: openai, keys: [k], base_url: "${NAMED}", allow_private: true, connections: 2}
  httpx: {kind: openai, keys: [k], base_url: "${UP}", allow_private: true, connections: 2, transport: httpx}
pools:
  race: {strategy: race, of: [up, other]}
  timed: {strategy: race, of: [up, other], timeout: 5s}
  next: {strategy: fallback, of: [up, other]}
models:
  - {name: "race-*", provider: race}
  - {name: "timed-*", provider: timed}
  - {name: "next-*", provider: next}
  - {name: "other-*", provider: other}
  - {name: "named-*", provider: named}
  - {name: "httpx-*", provider: httpx}
default: {provider: up}
pipelines:
  chat: [decode, {select: {by: model}}, {call: {retries: 2, backoff: 2ms}}, convert, log]
routes:
  - {match: "POST /v1/chat/completions", speaks: openai_chat, pipeline: chat, public: true}
"""
# What is asked, in how many pieces.
ASKED = [
    ("up-whole", 1), ("up-whole", 4), ("up-stream", 1), ("up-once", 1), ("up-queue", 1), ("named-stream", 1),
    ("race-whole", 1), ("race-stream", 3), ("race-once", 1), ("race-lead", 1),
    ("timed-stream", 1), ("next-once", 1), ("next-stream", 1),
    ("httpx-whole", 1), ("httpx-stream", 1), ("httpx-once", 1),
]  # fmt: skip
OWNERS = ("up", "other", "named", "httpx")


class Scene:
    def __init__(self, cutter: Cutter, crowd: Crowd, budgets: list[RetryBudget]) -> None:
        self.cutter, self.crowd, self.budgets = cutter, crowd, budgets
        self.mistakes: list[BaseException] = []
        self.rows: list[dict[str, Any]] = []
        self.figures = Figures()
        self.serving = Serving(self.figures, self.rows.append, self.mistakes.append)
        self.address = ("", 0)
        self._marks = 0

    async def start(self) -> None:
        urls = {"UP": self.crowd.base_url, "NAMED": self.crowd.base_url.replace("127.0.0.1", "localhost")}
        checked, _ = check_table(Table("routes.yaml", TABLE, urls))
        assert checked.program is not None, checked.complaints
        self.serving.adopt(checked.program, 1)
        (sock,) = bind_sockets("127.0.0.1:0")
        self.address = sock.getsockname()
        await self.serving.start([sock])

    def transport(self, owner: str) -> Any:
        wiring = self.serving._wiring
        assert wiring is not None
        return wiring.transport(owner)

    def mark(self) -> str:
        self._marks += 1
        return f"m{self._marks}"

    async def leave_at(self, kind: str, pieces: int, at: int, late: bool) -> bool:
        """Whether it came to await number `at`."""
        mark = self.mark()
        queue = kind == "up-queue"
        model = f"up-whole-{mark}" if queue else f"{kind}-{mark}"
        holders = [await self._hold() for _ in range(2)] if queue else []
        self.cutter.arm(at, late, self._leave)
        raw = await Raw.open(self.address)
        data = request(model, pieces)
        try:
            await raw.send(data, [len(data) * n // pieces for n in range(1, pieces)])
            if holders:
                asyncio.get_running_loop().call_later(0.002, holders[0].close)
            said = await raw.read_to_end()
        except (ConnectionError, BrokenPipeError):
            said = b""
        finally:
            self.cutter.armed = False
            for one in (raw, *holders):
                one.close()
        assert self.cutter.cut or f'"id":"{mark}"'.encode() in said, said
        return self.cutter.cut

    async def _hold(self) -> Raw:
        """Takes one of the provider's connections."""
        raw, model = await Raw.open(self.address), f"up-hang-{self.mark()}"
        await raw.send(request(model, 1))
        await until(lambda: model in self.crowd.asked)
        return raw

    def _leave(self) -> None:
        listener = self.serving._listener
        assert listener is not None
        # The newest is the client's; the others are holders.
        for guest in list(listener._door.census)[-1:]:
            guest._leave()  # type: ignore[attr-defined]
            guest._transport.abort()  # type: ignore[attr-defined]

    async def nothing_is_left(self, kind: str) -> None:
        await until(lambda: len(asyncio.all_tasks()) == 1)
        await until(lambda: not self.crowd.held)
        await until(lambda: len(self.crowd.open) == self._pooled())
        for owner in OWNERS:
            match self.transport(owner):
                case PoolTransport() as pool:
                    assert pool._permits.out == 0
                    assert not pool._permits._waiting
                    assert len(pool._idle) <= 2
                case HttpxTransport() as through:
                    await until(lambda through=through: not through._under_way and not through._dropping)
                    assert through._permits.out == 0
        assert [(budget.active, budget.retrying) for budget in self.budgets] == [(0, 0)] * len(self.budgets)
        assert active(self.figures) == 0
        assert not self.mistakes, (kind, self.mistakes)

    def _pooled(self) -> int:
        pools = [self.transport(owner) for owner in OWNERS]
        return sum(len(pool._idle) for pool in pools if isinstance(pool, PoolTransport))

    async def every_connection_answers_its_own(self, owners: tuple[str, ...]) -> None:
        """I7: two questions at once take both connections of a provider."""
        marks = {self.mark(): owner for owner in owners for _ in range(2)}
        told = await asyncio.gather(*(self._ask(f"{owner}-stream-{mark}") for mark, owner in marks.items()))
        for mark, said in zip(marks, told, strict=True):
            assert said.count(f'"id":"{mark}"'.encode()) == said.count(b'"id":"') == 4, said
            assert b"[DONE]" in said

    async def _ask(self, model: str) -> bytes:
        async with await Raw.open(self.address) as raw:
            await raw.send(request(model, 1))
            return await raw.read_to_end()


def request(model: str, pieces: int) -> bytes:
    body = orjson.dumps(chat(model, stream="-stream-" in model or "-lead-" in model))
    if pieces < 3:
        return post(body, CHAT, "connection: close")
    head = get(CHAT, "transfer-encoding: chunked", "connection: close", method="POST")
    return head + b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (body[:20], body[20:], b""))


def active(figures: Figures) -> float:
    lines = figures.expose().decode().splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith("engine_active_requests{"))


@asynccontextmanager
async def scene(cutter: Cutter, budgets: list[RetryBudget]) -> AsyncIterator[Scene]:
    crowd = Crowd()
    server = await crowd.serve()
    it = Scene(cutter, crowd, budgets)
    await it.start()
    try:
        yield it
    finally:
        await it.serving.close()
        server.close()
        for visit in list(crowd.open):
            visit.transport.abort()
        await asyncio.sleep(0)


@pytest.fixture
def budgets(monkeypatch: pytest.MonkeyPatch) -> list[RetryBudget]:
    """All that the engine makes."""
    made: list[RetryBudget] = []

    def make() -> RetryBudget:
        made.append(RetryBudget())
        return made[-1]

    monkeypatch.setattr(call, "RetryBudget", make)
    return made


def play(main: Callable[[Cutter], Any]) -> None:
    cutter = Cutter()
    complaints: list[dict[str, Any]] = []

    async def watched() -> None:
        asyncio.get_running_loop().set_task_factory(cutter.factory)
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        await main(cutter)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(watched())
    assert not complaints, complaints


@pytest.mark.parametrize(("kind", "pieces"), ASKED)
def test_a_client_that_leaves_at_any_await(kind: str, pieces: int, budgets: list[RetryBudget], measured: Measure) -> None:
    """F-38, I7: on a new connection and on a pooled one, before the await is over and in the turn in which it is."""
    owner = kind.partition("-")[0]
    owners = (owner,) if owner in OWNERS else ("up", "other")
    cuts = 0

    async def main(cutter: Cutter) -> None:
        nonlocal cuts
        async with scene(cutter, budgets) as it:
            for pooled in (False, True):
                for late in (False, True):
                    at = 0
                    going = True
                    while going:
                        at += 1
                        if not pooled:
                            drop_idle(it)
                        going = await it.leave_at(kind, pieces, at, late)
                        await it.nothing_is_left(kind)
                        await it.every_connection_answers_its_own(owners)
                        await it.nothing_is_left(kind)
                        cuts += going

    play(main)
    measured(f"awaits cut, {kind}{'' if pieces == 1 else f' in {pieces} pieces'}", cuts, at_least=8)


def drop_idle(it: Scene) -> None:
    for owner in OWNERS:
        pool = it.transport(owner)
        if isinstance(pool, PoolTransport):
            for connection in list(pool._idle):
                connection._close_idle()
