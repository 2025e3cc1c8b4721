"""A connection of the load generator: it asks, reads where the answer ends, and tells its run."""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING, cast

from bench.framing import Framing

if TYPE_CHECKING:
    from bench.load import Run


class Caller(asyncio.Protocol):
    """One connection to the server under test."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.framing = Framing()
        self.busy = False
        self.began = self.last = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def ask(self, due: float) -> None:
        self.busy = True
        self.began = due
        self.last = 0.0
        self.framing.begin()
        self.transport.write(self.run.next_request())

    def data_received(self, data: bytes) -> None:
        now = perf_counter()
        if not self.last:
            self.last = now
            self.run.first_byte(now - self.began)
        framing = self.framing
        before = framing.events
        whole = framing.feed(data)
        if framing.events != before:
            self.run.gap(now - self.last, framing.events - before)
            self.last = now
        if whole:
            self._done(now)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.busy and exc is None and self.framing.ended():
            self._done(perf_counter())
        self.run.lost(self)

    def _done(self, now: float) -> None:
        self.busy = False
        framing = self.framing
        good = framing.good and (framing.events > 0 or not self.run.streamed)
        if framing.closes:
            self.transport.close()
        self.run.done(self, now, good)
