"""One stage run as it is written in a table, against an exchange that a test owns:

world = World(answers=[reply(503), reply(body=b'{"id": 1}')])
exchange = world.exchange(body=b'{"model": "m", "messages": []}')
world.step("call: {retries: 1}", exchange)
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import jsonschema
import yaml

import engine.stages
from engine.chat import Asked
from engine.exchange import Exchange
from engine.faults import Fault
from engine.parts import Deed, Registry, Stage, build, schema_of
from engine.ports import Binding, Outgoing, Patience, Write
from engine.program import Program, Route
from engine.targets import Ask, Origin, Plan, Target
from engine.web import Headers, Pair, Request
from tests.tools.play import program
from tests.tools.services import services

STAGES = Registry.of_folder("stage", engine.stages, Stage)
JSON: tuple[Pair, ...] = ((b"content-type", b"application/json"),)
EVENTS: tuple[Pair, ...] = ((b"content-type", b"text/event-stream"),)
CHAT = b'{"id":"c1","object":"chat.completion","model":"m-2024","choices":[{"index":0}]}'
ROUTE = Route("POST /v1/chat/completions", ("POST",), "/v1/chat/completions", "openai_chat", False, ())


def stage(words: str | Mapping[str, Any]) -> Stage:
    """The part that `auth: {keys: [k]}` (text, or the same as a mapping) means, its options held to its schema."""
    told = yaml.safe_load(words) if isinstance(words, str) else words
    word, options = (told, {}) if isinstance(told, str) else next(iter(told.items()))
    jsonschema.validate(options or {}, schema_of(STAGES[word]))
    part: Stage = build(STAGES[word], options or {})
    return part


def flaws(words: str | Mapping[str, Any], public: bool = False) -> list[str]:
    """The options that the stage itself finds wrong."""
    return [option for option, _ in stage(words).flaws(public)]


class FakeReply:
    """A provider's answer. With a `fault` the body breaks after its `pieces`; `closed`, `was_read`: what became of it."""

    def __init__(self, status: int, headers: Iterable[Pair], pieces: Iterable[bytes], fault: Fault | None) -> None:
        self.status = status
        self.headers = Headers(tuple(headers))
        self.pieces = list(pieces)
        self.fault = fault
        self.closed = False
        self.was_read = False

    async def read(self, limit: int) -> bytes:
        self.was_read = True
        body = b"".join(self.pieces)
        if self.fault is not None:
            raise self.fault
        if len(body) > limit:
            raise Fault("upstream_too_large")
        return body

    async def peek(self, beyond: int) -> bytes:
        held = b""
        for piece in self.pieces:
            held += piece
            if len(held) > beyond:
                return held
        if self.fault is not None:
            raise self.fault
        return held

    async def pour(self, write: Write) -> None:
        for piece in self.pieces:
            write(piece)
        if self.fault is not None:
            raise self.fault

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def close(self) -> None:
        self.closed = True


def reply(status: int = 200, body: bytes = CHAT, headers: Iterable[Pair] = JSON, fault: Fault | None = None) -> FakeReply:
    return FakeReply(status, headers, [body], fault)


def stream(*pieces: bytes, fault: Fault | None = None) -> FakeReply:
    return FakeReply(200, EVENTS, pieces, fault)


HANG = "hang"  # a provider that never answers
Answer = FakeReply | Fault | Exception | str


class FakeTransport:
    """Answers from a script, one answer per `send`."""

    def __init__(self, answers: Iterable[Answer]) -> None:
        self.script = iter(answers)
        self.sent: list[Outgoing] = []
        self.patience: list[Patience] = []
        self.dropped = 0

    async def send(self, outgoing: Outgoing, patience: Patience) -> FakeReply:
        self.sent.append(outgoing)
        self.patience.append(patience)
        answer = next(self.script)
        if isinstance(answer, Exception):
            raise answer
        try:
            # A turn of the loop, so that whoever races has begun.
            await (asyncio.Event().wait() if answer == HANG else asyncio.sleep(0))
        except asyncio.CancelledError:
            self.dropped += 1
            raise
        assert isinstance(answer, FakeReply)
        return answer

    async def close(self) -> None: ...


class World:
    """Services that a test owns. `answers` are one provider's script for all, or scripts by provider. Time stands still but
    for `sleep`, whose waits are kept in `waits`."""

    def __init__(
        self,
        answers: Iterable[Answer] | Mapping[str, Iterable[Answer]] = (),
        program_: Program | None = None,
        route: Route = ROUTE,
        dice: float = 0.5,
        status: Mapping[str, Any] | None = None,
    ) -> None:
        scripts = answers if isinstance(answers, Mapping) else None
        everybody = FakeTransport(()) if scripts is not None else FakeTransport(answers)  # type: ignore[arg-type]
        self.transports = {name: FakeTransport(script) for name, script in (scripts or {}).items()}
        self.transport = everybody
        self.services, self.meter, self.rows = services(lambda name: self.transports.get(name, everybody), status)
        self.now = 100.0
        self.waits: list[float] = []
        self.on_sleep: Callable[[float], Awaitable[None]] | None = None
        self.services.now = lambda: self.now
        self.services.dice = lambda: dice
        self.services.sleep = self._sleep
        self.binding = Binding(program_ or program(), route, self.services)

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        if self.on_sleep is not None:
            await self.on_sleep(seconds)
        self.now += seconds

    def route(self, **changes: Any) -> World:
        self.binding = replace(self.binding, route=replace(self.binding.route, **changes))
        return self

    def exchange(
        self,
        method: str = "POST",
        path: str = "/v1/chat/completions",
        query: str = "",
        headers: Mapping[str, str] | Iterable[Pair] = (),
        body: bytes | None = b"",
        **more: Any,
    ) -> Exchange:
        pairs = [(k.encode(), v.encode()) for k, v in headers.items()] if isinstance(headers, Mapping) else list(headers)
        request = Request(method, path, query, Headers(pairs), body=body, **more)
        return Exchange(request, self.binding.route, {}, "req-1", self.now)

    def chat(self, model: str = "m", streaming: bool = False, plan: Plan | None = None, **more: Any) -> Exchange:
        """An exchange as it is after `decode` (and `select`, when there is a plan)."""
        exchange = self.exchange(**more)
        exchange.chat = Asked(model, streaming, b'{"model":"%s","messages":[]}' % model.encode(), {"model": model})
        if plan is not None:
            exchange.plan = plan
        return exchange

    def bind(self, words: str | Mapping[str, Any]) -> Deed:
        return stage(words).bind(self.binding)

    def step(self, words: str | Mapping[str, Any], exchange: Exchange) -> Exchange:
        """Runs one stage to its end. Raises what it raises."""
        waiting = self.bind(words)(exchange)
        if waiting is not None:
            asyncio.run(_wait(waiting))
        return exchange


async def _wait(waiting: Awaitable[None]) -> None:
    await waiting


def targets(*names: str, format: str = "openai_chat") -> tuple[Target, ...]:
    """Targets by name: `a` is a provider, `a#2` its second key."""
    return tuple(Target(n, n.partition("#")[0], "", format, Origin("https", "up.example", 443), "/v1") for n in names)


def ask(*names: str) -> Ask:
    return Ask(targets(*names))
