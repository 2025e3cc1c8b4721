"""Hot: guarded by bench/micro/connection.py. What a client asks: heads and bodies out of its line, within their clocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.faults import Fault
from engine.server.door import LINGER_SECONDS, Door
from engine.server.framing import CONTINUE
from engine.server.incoming import Incoming
from engine.server.line import Line
from engine.web import Request

if TYPE_CHECKING:
    import asyncio

    from engine.wire.head import RequestHead


class Inbound(Line):
    """One request at a time; the next is not looked at before `_head` and `_incoming` are None again."""

    __slots__ = (
        "_head",  # the request that is being handled, or None between two
        "_incoming",  # its body, when that was not all there with the head
        "_on_loopback",
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
        self._started = False

    async def _next_head(self) -> RequestHead | None:
        """None when nothing came for as long as a connection may be idle. Raises Fault("request_timeout" | ...)."""
        reader, clocks, timeouts = self._reader, self._clocks, self._door.timeouts
        begun = not reader.idle
        if begun and (head := reader.head()) is not None:
            return head
        idle = LINGER_SECONDS if self._door.draining else timeouts.idle
        clocks.expect_input(timeouts.head if begun else idle)
        while True:
            await self._input()
            head = reader.head()
            if head is not None:
                clocks.input_came()
                self._late = False
                return head
            if self._late and reader.idle:
                return None
            if self._late:
                raise Fault("request_timeout")
            if not begun and not reader.idle:
                # From the first byte of a head, and not longer with every further byte (F-33).
                begun = True
                clocks.expect_input(timeouts.head)

    def _request(self, head: RequestHead) -> Request:
        body: bytes | None = b""
        if head.length or head.chunked:
            body = self._whole_body(head)
        return Request(
            head.method,
            head.path,
            head.query,
            head.headers,
            head.version,
            body,
            self._incoming,
            self._peer,
            self._on_loopback,
            self._secure,
        )

    def _whole_body(self, head: RequestHead) -> bytes | None:
        """The body when all of it is here; else None, and `_incoming` is set."""
        first, fault = b"", None
        try:
            first = self._reader.take()
        except Fault as exc:
            fault = exc
        if fault is None and self._reader.ended:
            return first
        due = self._loop.time() + self._door.timeouts.body
        self._incoming = Incoming(self, first, fault, head.expect_continue and not first, due)
        return None

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
            self._clocks.expect_input_by(incoming.due)
            await self._input()
            self._clocks.input_came()
        return piece
