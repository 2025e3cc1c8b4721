"""The load generator: raw connections on uvloop, prepared request bytes, no parsing beyond framing.

Closed loop: every connection sends its next request when the last one is answered. Open loop: requests start at a fixed
rate whatever the answers do, and latency counts from the moment at which a request was due, so that a slow server cannot
hide its queue (coordinated omission).
"""

from __future__ import annotations

import asyncio
from array import array
from collections import deque
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING

from bench.caller import Caller

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.work import Work


def _doubles() -> array[float]:
    return array("d")


@dataclass(slots=True)
class Sample:
    """What was seen. Latencies, first bytes and gaps in seconds."""

    seconds: float = 0.0
    requests: int = 0
    errors: int = 0
    events: int = 0
    latencies: array[float] = field(default_factory=_doubles)
    first_bytes: array[float] = field(default_factory=_doubles)
    gaps: array[float] = field(default_factory=_doubles)


class Run:
    """One measurement against `host:port`."""

    def __init__(self, host: str, port: int, work: Work) -> None:
        self.host, self.port = host, port
        self.sample = Sample()
        self.streamed = work.streamed
        self._requests = work.requests
        self._next = 0
        self._counting = False
        self._over = False
        self._callers: list[Caller] = []
        self._reopening: set[asyncio.Task[None]] = set()
        self._free: deque[Caller] = deque()
        self._due: deque[float] = deque()
        self._closed_loop = True

    def next_request(self) -> bytes:
        self._next = (self._next + 1) % len(self._requests)
        return self._requests[self._next]

    def first_byte(self, seconds: float) -> None:
        if self._counting:
            self.sample.first_bytes.append(seconds)

    def gap(self, seconds: float, events: int) -> None:
        if self._counting:
            self.sample.events += events
            self.sample.gaps.append(seconds)

    def done(self, caller: Caller, now: float, good: bool) -> None:
        if self._counting:
            self.sample.requests += 1
            self.sample.latencies.append(now - caller.began)
            self.sample.errors += not good
        if not (self._over or caller.transport.is_closing()):
            self._next_turn(caller, now)

    def lost(self, caller: Caller) -> None:
        """A connection is gone: an error if it owed an answer. Another one takes its place."""
        if self._over:
            return
        self.sample.errors += caller.busy and self._counting
        self._callers.remove(caller)
        if caller in self._free:
            self._free.remove(caller)
        task = asyncio.ensure_future(self._reopen(perf_counter()))
        self._reopening.add(task)
        task.add_done_callback(self._reopening.discard)

    def _next_turn(self, caller: Caller, now: float) -> None:
        if self._closed_loop:
            caller.ask(now)
        elif self._due:
            caller.ask(self._due.popleft())
        else:
            self._free.append(caller)

    async def _reopen(self, lost_at: float) -> None:
        """Connecting is part of the next request's latency: a server that closes makes its clients wait."""
        while not self._over:
            try:
                self._next_turn(await self._connect(), lost_at)
            except OSError:
                self.sample.errors += self._counting
                await asyncio.sleep(0.1)
            else:
                return

    async def closed(
        self, connections: int, seconds: float, warm: float = 0.5, tick: Callable[[float], None] | None = None
    ) -> Sample:
        """Every one of `connections` asks again as soon as it is answered, for `seconds` after `warm` seconds uncounted."""
        for _ in range(connections):
            await self._connect()
        now = perf_counter()
        for caller in self._callers:
            caller.ask(now)
        await self._measure(seconds, warm, tick)
        return self._end()

    async def open(
        self, rate: float, connections: int, seconds: float, warm: float = 0.5, tick: Callable[[float], None] | None = None
    ) -> Sample:
        """`rate` requests a second begin on time, over at most `connections`; those that find none free wait their turn,
        and their wait counts."""
        self._closed_loop = False
        for _ in range(connections):
            self._free.append(await self._connect())
        pacing = asyncio.ensure_future(self._pace(rate))
        await self._measure(seconds, warm, tick)
        pacing.cancel()
        return self._end()

    async def _pace(self, rate: float) -> None:
        start, sent = perf_counter(), 0
        while True:
            now = perf_counter()
            while start + sent / rate <= now:
                due = start + sent / rate
                sent += 1
                if self._free:
                    self._free.popleft().ask(due)
                else:
                    self._due.append(due)
            await asyncio.sleep(0.001)

    async def _connect(self) -> Caller:
        loop = asyncio.get_running_loop()
        _, caller = await loop.create_connection(lambda: Caller(self), self.host, self.port)
        self._callers.append(caller)
        return caller

    async def _measure(self, seconds: float, warm: float, tick: Callable[[float], None] | None) -> None:
        await asyncio.sleep(warm)
        self._counting = True
        began = perf_counter()
        if tick is not None:
            tick(0.0)
        while (gone := perf_counter() - began) < seconds:
            await asyncio.sleep(min(0.1, seconds - gone))
            if tick is not None:
                tick(min(1.0, gone / seconds))
        self._counting = False
        self.sample.seconds = perf_counter() - began

    def _end(self) -> Sample:
        self._over = True
        for task in self._reopening:
            task.cancel()
        for caller in self._callers:
            caller.transport.abort()
        return self.sample
