"""The load generator: raw connections on uvloop, prepared request bytes, no parsing beyond framing.

Closed loop: every connection sends its next request when the last one is answered. Open loop: requests start at a fixed
rate whatever the answers do, and latency counts from the moment at which a request was due, so that a slow server cannot
hide its queue (coordinated omission).
"""

from __future__ import annotations

import asyncio
import re
from array import array
from collections import deque
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.work import Work

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"transfer-encoding: *chunked", re.IGNORECASE)


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


class Caller(asyncio.Protocol):
    """One connection to the server under test."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.held = b""
        self.missing = 0
        self.streaming = False
        self.busy = False
        self.began = self.last = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def ask(self, due: float) -> None:
        self.busy = True
        self.began = due
        self.last = 0.0
        self.transport.write(self.run.next_request())

    def data_received(self, data: bytes) -> None:
        now = perf_counter()
        if not self.last:
            self.run.first_byte(now - self.began)
        if self.streaming:
            self._stream_data(data, now)
        elif self.missing:
            self.missing -= len(data)
            if self.missing <= 0:
                self.missing = 0
                self._done(now, True)
        else:
            self._head(data, now)

    def _head(self, data: bytes, now: float) -> None:
        self.last = now
        data = self.held + data if self.held else data
        end = data.find(b"\r\n\r\n")
        if end < 0:
            self.held = data
            return
        self.held = b""
        good = data.startswith(b"HTTP/1.1 200")
        found = _LENGTH.search(data, 0, end + 2)
        if found is not None:
            self.missing = int(found[1]) - (len(data) - end - 4)
            if self.missing <= 0:
                self.missing = 0
                self._done(now, good)
            elif not good:
                self.run.sample.errors += 1
        elif _CHUNKED.search(data, 0, end + 2):
            self.streaming = True
            self._stream_data(data[end + 4 :], now)
        else:
            self._done(now, False)

    def _stream_data(self, data: bytes, now: float) -> None:
        run = self.run
        events = data.count(b"data: ")
        if events:
            run.gap(now - self.last, events)
            self.last = now
        tail = self.held[-4:] + data if len(data) < 5 else data
        self.held = tail[-4:]
        if tail.endswith(b"0\r\n\r\n"):
            self.streaming = False
            self.held = b""
            self._done(now, True)

    def _done(self, now: float, good: bool) -> None:
        self.busy = False
        self.run.done(self, now, good)

    def connection_lost(self, exc: Exception | None) -> None:
        self.run.lost(self)


class Run:
    """One measurement against `host:port`."""

    def __init__(self, host: str, port: int, work: Work) -> None:
        self.host, self.port = host, port
        self.sample = Sample()
        self._requests = work.requests
        self._next = 0
        self._counting = False
        self._over = False
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
        if self._over or caller.transport.is_closing():
            return
        if self._closed_loop:
            caller.ask(now)
        elif self._due:
            caller.ask(self._due.popleft())
        else:
            self._free.append(caller)

    def lost(self, caller: Caller) -> None:
        if not self._over:
            self.sample.errors += 1
            if caller in self._free:
                self._free.remove(caller)

    async def closed(
        self, connections: int, seconds: float, warm: float = 0.5, tick: Callable[[float], None] | None = None
    ) -> Sample:
        """Every one of `connections` asks again as soon as it is answered, for `seconds` after `warm` seconds uncounted."""
        callers = await self._connect(connections)
        now = perf_counter()
        for caller in callers:
            caller.ask(now)
        await self._measure(seconds, warm, tick)
        return self._end(callers)

    async def open(self, rate: float, connections: int, seconds: float, warm: float = 0.5) -> Sample:
        """`rate` requests a second begin on time, over at most `connections`; those that find none free wait their turn,
        and their wait counts."""
        self._closed_loop = False
        callers = await self._connect(connections)
        self._free.extend(callers)
        pacing = asyncio.ensure_future(self._pace(rate))
        await self._measure(seconds, warm, None)
        pacing.cancel()
        return self._end(callers)

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

    async def _connect(self, connections: int) -> list[Caller]:
        loop = asyncio.get_running_loop()
        callers = []
        for _ in range(connections):
            _, caller = await loop.create_connection(lambda: Caller(self), self.host, self.port)
            callers.append(caller)
        return callers

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

    def _end(self, callers: list[Caller]) -> Sample:
        self._over = True
        for caller in callers:
            caller.transport.abort()
        return self.sample
