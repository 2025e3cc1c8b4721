"""Hot: guarded by bench/micro/reader.py. Requests out of the bytes of one client connection (RFC 9112)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.faults import Fault
from engine.wire.again import learn
from engine.wire.chunked import ChunkedReader
from engine.wire.head import fields_in, read_request_head, recognise_request
from engine.wire.message_reader import MessageReader
from engine.wire.strict import RequestScan

if TYPE_CHECKING:
    from engine.settings import Limits
    from engine.wire.again import Again
    from engine.wire.message import RequestHead
    from engine.wire.scan import HeadScan


class RequestReader(MessageReader):
    """`feed`, then `head` until it gives one, then `take` until `ended`; then `head` goes on to the next request.

    One empty line before a request is ignored (RFC 9112 section 2.2), a second is refused. A body over its limit is
    refused by `take`, not by `head`, so that the refusal can be said in the route's own format; nothing of it is waited for.
    After a Fault the reader is dead and raises the same fault again: no later byte is read (I1)."""

    __slots__ = ("_again", "_empty_line_allowed", "_limits", "_small")

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits.body)
        self._limits = limits
        self._again: Again | None = None
        # A head as small as this cannot hold a line or a target that is over its limit.
        self._small = min(limits.head, limits.line, limits.target)
        self._empty_line_allowed = True

    @property
    def idle(self) -> bool:
        """Between requests, with nothing of the next one there."""
        return self.ended and self._at >= len(self._buffer)

    def request(self) -> RequestHead | None:
        """`head`, with the body in it when that is all there and nothing after it: the reader is then where `take` would
        have left it. Raises Fault."""
        buffer, again = self._buffer, self._again
        if again is None or self._at or not self.ended or self._scan is not None or type(buffer) is not bytes:
            return self.head()
        found = again.find(buffer)
        if found is None or self._fault is not None:
            return self.head()
        head, end = found
        if end > self._small or not head.length == len(buffer) - end <= self._most:
            return self.head()
        head.body = buffer[end:]
        self._buffer = b""
        self._empty_line_allowed = True
        return head

    def head(self) -> RequestHead | None:
        """The next request's head; None while it or the body before it is not complete. Raises Fault."""
        if self._fault is not None:
            raise self._fault
        if not self.ended:
            return None
        buffer = self._buffer
        if not self._at and self._scan is None and type(buffer) is bytes:
            head = self._common_head(buffer)
            if head is not None:
                return head
        try:
            return self._read_head()
        except Fault as fault:
            self._fault = fault
            raise

    def _common_head(self, buffer: bytes) -> RequestHead | None:
        """In one piece that begins with a whole head of the common shape."""
        known = None if self._again is None else self._again.find(buffer)
        if known is not None and known[1] <= self._small:
            head, self._at = known
        else:
            end = buffer.find(b"\r\n\r\n", 0, self._small) + 4
            raw = buffer[:end]
            recognised = recognise_request(raw) if end >= 4 else None
            if recognised is None or fields_in(raw) > self._limits.fields:
                return None
            head, self._at = recognised, end
            self._again = learn(raw, head)
        self._begin_body(head)
        return head

    def _read_head(self) -> RequestHead | None:
        if self._empty_line_allowed and self._buffer.startswith(b"\r", self._at):
            if self.buffered < 2:
                return None
            self._empty_line_allowed = False
            if self._buffer[self._at + 1] == 0x0A:
                self._at += 2
        raw = self._find_head(self._limits.head)
        if raw is None:
            return None
        head = read_request_head(raw, self._limits)
        self._begin_body(head)
        return head

    def _begin_body(self, head: RequestHead) -> None:
        self._empty_line_allowed = True
        self._left = head.length
        self.ended = not (head.length or head.chunked)
        if head.chunked:
            self._chunks = ChunkedReader(self._limits.body)

    def _take_body(self) -> bytes:
        if self._left > self._limits.body:
            raise Fault("body_too_large")
        return super()._take_body()

    def _new_scan(self) -> HeadScan:
        return RequestScan(self._limits)
