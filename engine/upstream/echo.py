"""A provider that answers from a script: no socket, real time. For trying out a route table, for load tests and for tests."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

from engine.faults import Fault
from engine.web import Headers

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.ports import Outgoing, Patience, Write
    from engine.script import Script

LONG = 86400.0  # event loops do not take an infinite timer


class EchoTransport:
    """Implements `ports.Transport`: what `respond` makes of a request is played back, its pace and its failures included."""

    def __init__(self, respond: Callable[[Outgoing], Script]) -> None:
        self._respond = respond

    async def send(self, outgoing: Outgoing, patience: Patience) -> EchoReply:
        reply = EchoReply(self._respond(outgoing), patience)
        await reply.wait_for_head()
        return reply

    async def close(self) -> None: ...


class EchoReply:
    """Implements `ports.Reply`. A step without delay is written without waiting for the loop."""

    __slots__ = ("_ahead", "_closed", "_held_up", "_patience", "_pausing", "_script", "_waiter", "headers", "status")

    def __init__(self, script: Script, patience: Patience) -> None:
        self.status = script.status
        self.headers = Headers(script.headers)
        self._script = script
        self._ahead = 0  # steps that were waited for, but not written
        self._patience = patience
        self._waiter: asyncio.Future[None] | None = None
        self._pausing = False
        self._held_up = False  # waiting for `resume`
        self._closed = False

    async def wait_for_head(self) -> None:
        await self._pass(self._script.delay, self._patience.first_byte, "upstream_first_byte_timeout")

    async def read(self, limit: int) -> bytes:
        pieces: list[bytes] = []
        held = 0

        def keep(piece: bytes) -> None:
            nonlocal held
            held += len(piece)
            if held > limit:
                raise Fault("upstream_too_large")
            pieces.append(piece)

        await self.pour(keep)
        return b"".join(pieces)

    async def peek(self, beyond: int) -> bytes:
        steps = self._script.steps
        while len(held := b"".join(step.data for step in steps[: self._ahead])) <= beyond:
            if self._ahead == len(steps):
                await self._end()
                break
            await self._pass(steps[self._ahead].delay, self._patience.idle, "upstream_stalled")
            self._ahead += 1
        return held

    async def pour(self, write: Write) -> None:
        script = self._script
        for number, step in enumerate(script.steps):
            if number >= self._ahead:
                await self._pass(step.delay, self._patience.idle, "upstream_stalled")
            write(step.data)
        await self._end()

    async def _end(self) -> None:
        script = self._script
        if script.ending == "cut":
            raise Fault("upstream_truncated")
        if script.ending == "stall":
            await self._pass(math.inf, self._patience.idle, "upstream_stalled")

    def pause(self) -> None:
        self._pausing = True

    def resume(self) -> None:
        self._pausing = False
        if self._held_up:
            self._wake()

    def close(self) -> None:
        self._closed = True
        self._wake()

    async def _pass(self, seconds: float, allowed: float, late: str) -> None:
        """Lets `seconds` pass; raises Fault(`late`) after `allowed` of them, and whatever else ends an answer."""
        if seconds > 0:
            left = self._left()
            await self._sleep(min(seconds, allowed, left))
            if min(allowed, left) < seconds and not self._closed:
                raise Fault(late if allowed <= left else "upstream_timeout")
        while self._pausing and not self._closed:
            if self._left() <= 0:
                raise Fault("upstream_timeout")
            self._held_up = True
            await self._sleep(self._left())
            self._held_up = False
        if self._closed:
            raise Fault("client_gone")

    def _left(self) -> float:
        return self._patience.until - asyncio.get_running_loop().time()

    async def _sleep(self, seconds: float) -> None:
        """Returns after `seconds`, or when woken."""
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        timer = loop.call_later(max(0.0, min(seconds, LONG)), self._wake)
        try:
            await self._waiter
        finally:
            timer.cancel()
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
