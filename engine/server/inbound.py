"""Hot: guarded by bench/micro/connection.py. What a client asks: heads and bodies out of its line, within their clocks."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from math import inf
from typing import TYPE_CHECKING

from engine.faults import Fault
from engine.server.door import LINGER_SECONDS, Door
from engine.server.framing import CONTINUE
from engine.server.incoming import Incoming
from engine.server.line import Line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.wire.head import RequestHead


class Inbound(Line):
    """One request at a time; the next is not looked at before `_head` and `_incoming` are None again."""

    __slots__ = (
        "_begun",  # the clock of the next head runs since its first byte
        "_head",  # the request that is being handled, or None between two
        "_incoming",  # its body, when that was not all there with the head
        "_on_loopback",
        "_owes",  # the door has it among those that owe a request head
        "_peer",
        "_secure",
        "_started",  # the head of its answer is written
    )

    def __init__(self, door: Door, loop: asyncio.AbstractEventLoop, on_loopback: bool, secure: bool) -> None:
        super().__init__(door, loop)
        self._on_loopback = on_loopback
        self._secure = secure
        self._peer = ""
        self._head: RequestHead | None = None
        self._incoming: Incoming | None = None
        self._started = self._begun = self._owes = False

    def _next_request(self, idle: bool) -> RequestHead | None:
        """The next request when it is here already; else its clock is started. `idle`: nothing of it is here. Raises Fault."""
        self._begun = not idle
        if not idle and (head := self._reader.request()) is not None:
            return self._received(head)
        door = self._door
        if not idle:
            self._owe()
        seconds = door.timeouts.head if not idle else LINGER_SECONDS if door.draining else door.timeouts.idle
        self._clocks.expect_input(seconds)
        return None

    def _look_again(self) -> RequestHead | None:
        """After a wait for input. None with `_late`: nothing came for as long as a connection may be idle.
        Raises Fault("request_timeout" | ...)."""
        head = self._reader.request()
        if head is not None:
            self._clocks.input = 0.0
            self._late = False
            return self._received(head)
        idle = self._reader.idle
        if self._late and not idle:
            raise Fault("request_timeout")
        if not (self._begun or idle):
            # From the first byte of a head, and not longer with every further byte (F-33).
            self._begun = True
            self._clocks.expect_input(self._door.timeouts.head)
            self._owe()
        return None

    def _owe(self) -> None:
        if not self._owes:
            self._owes = True
            self._door.unfinished.begin(self, self._peer, self._loop.time(), self._door.limits.unfinished_per_address)

    def _settle(self) -> None:
        self._owes = False
        self._door.unfinished.end(self, self._peer)

    def give_up(self) -> None:
        """As if the time for the request head were over."""
        self._door.meter.count("unfinished_ended")
        self.input_late()

    async def _take_turns(self) -> None:
        if self._output_paused:
            await self._drained()
        else:
            # Who sends many requests at once takes turns with the other connections.
            await asyncio.sleep(0)

    def _received(self, head: RequestHead) -> RequestHead:
        if self._owes:
            self._settle()
        if head.body is None:
            head.body = self._whole_body(head) if head.length or head.chunked else b""
            head.incoming = self._incoming
        head.peer, head.on_loopback, head.secure = self._peer, self._on_loopback, self._secure
        self._head = head
        return head

    def _whole_body(self, head: RequestHead) -> bytes | None:
        """The body when all of it is here; else None, and `_incoming` is set."""
        first, fault = b"", None
        try:
            first = self._reader.take()
        except Fault as exc:
            fault = exc
        if fault is None and self._reader.ended:
            return first
        timeouts = self._door.timeouts
        due = self._loop.time() + timeouts.body
        patience = timeouts.body_grace if self._door.limits.body_rate else inf
        self._incoming = Incoming(self, first, fault, head.expect_continue and not first, due, patience)
        return None

    def gather(self, first: bytes) -> bool:
        """For Incoming, when the body is wanted whole: as the reader's `gather`."""
        return self._reader.gather(first)

    async def next_piece(self, incoming: Incoming) -> bytes:
        """For Incoming: the next piece of its body, b"" at its end. Raises Fault."""
        if incoming is not self._incoming:
            raise RuntimeError("the body of a request that is over")
        while not (piece := self._reader.take()) and not self._reader.ended:
            if self._late:
                raise Fault("request_timeout")
            if incoming.expects:
                incoming.expects = False
                if not self._started:
                    self._write(CONTINUE)
            await self._more_of(incoming)
        return piece

    async def _more_of(self, incoming: Incoming) -> None:
        """Waits for input, no longer than all of the body may take, nor than its rate allows (F-33)."""
        reader, began = self._reader, self._loop.time()
        held = reader.held
        self._clocks.expect_input_by(min(incoming.due, began + incoming.patience))
        await self._input()
        self._clocks.input_came()
        # Only what is waited for counts: a client cannot send what we do not take.
        waited = self._loop.time() - began
        rate = self._door.limits.body_rate
        incoming.patience += (reader.held - held) / rate - waited if rate else inf

    @contextmanager
    def receiving(self) -> Iterator[None]:
        """For Incoming: a request whose body is still arriving is not under way yet, or slow clients would take up all the
        places there are (F-33, F-41)."""
        meter = self._door.meter
        meter.active -= 1
        try:
            yield
        finally:
            meter.active += 1
