"""Hot: guarded by bench/micro/reader.py. Answers out of the bytes of one upstream connection (RFC 9112)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.faults import Fault
from engine.wire.chunked import ChunkedReader
from engine.wire.head import read_response_head, recognise_response
from engine.wire.message_reader import MessageReader
from engine.wire.strict_response import HEAD_LIMIT, ResponseScan

if TYPE_CHECKING:
    from engine.wire.message import ResponseHead
    from engine.wire.scan import HeadScan

_INTERIM_LIMIT = 8  # 1xx answers before the one that counts
_UNBOUNDED = 1 << 62  # bytes
_LEAST_MEAN = 2  # bytes a chunk: tokens are streamed in small chunks, but not in single bytes by the thousand


class ResponseReader(MessageReader):
    """`expect` before each request is sent, then `feed`, `head` until it gives one, `take` until `ended`; `eof` when the peer
    closed. `begin` is `feed` and `head` in one. `max_body` in bytes (F-25). After a Fault the reader is dead. One answer
    at a time: nothing is pipelined (I8)."""

    __slots__ = ("_closed", "_head", "_interim", "_keep_alive", "_max_body", "_method", "_started", "_until_close")

    def __init__(self, max_body: int = 1 << 40) -> None:
        super().__init__(max_body)
        self._max_body = max_body
        self._method = ""
        self._head: ResponseHead | None = None
        self._interim = 0
        self._keep_alive = True
        self._started = False  # a byte of this answer has come
        self._until_close = False  # the body ends with the connection
        self._closed = False

    def expect(self, method: str, max_body: int | None = None) -> None:
        """The next answer is to a request with this method. `max_body` holds from here on. Raises Fault("upstream_protocol")
        when the connection cannot carry one more request: an answer is not at its end, or bytes are there that nobody asked
        for (I7)."""
        if not self.ended or not self._keep_alive or self._closed or self._fault is not None or self._at < len(self._buffer):
            self._check_alive()
            raise Fault("upstream_protocol", "the connection is not at rest")
        self._method = method
        if max_body is not None:
            self._max_body = self._most = max_body
        self._head = None
        self._interim = 0
        self._started = False
        self.ended = False

    def feed(self, data: bytes) -> None:
        if not self._started:
            self._started = bool(data)
        super().feed(data)

    @property
    def reusable(self) -> bool:
        """The answer came whole, nothing came after it, and neither side wants to close (I7)."""
        if not self.ended or not self._keep_alive or self._closed or self._fault is not None or self._at < len(self._buffer):
            return False
        return self._head is not None

    def head(self) -> ResponseHead | None:
        """The answer's head, once; None while it is not complete. 1xx answers are dropped. Raises Fault."""
        self._check_alive()
        if self._head is not None or self.ended:
            return None
        try:
            return self._read_head()
        except Fault as fault:
            self._fault = fault
            raise

    def begin(self, data: bytes) -> tuple[ResponseHead | None, bytes | None]:
        """`feed`, then `head`, then the body, if all of it and nothing more is in `data`; None where it is still to be taken.

        The same as these three one by one, and cheap where an answer begins with a head of the common shape."""
        end = data.find(b"\r\n\r\n", 0, HEAD_LIMIT) + 4
        first = end >= 4 and not self._started and not self.ended and self._fault is None
        head = recognise_response(data[:end]) if first else None
        if head is None or head.status < 200:
            self.feed(data)
            return self.head(), None
        self._started = True
        length = head.headers.get(b"content-length")
        here = len(data) - end
        if length is None or int(length) != here or not 0 < here <= self._max_body or self._is_bare(head):
            self._buffer, self._at = data, end
            self._begin_body(head)
            return head, None
        self._head = head
        self._keep_alive = head.keep_alive
        self.ended = True
        return head, data[end:]

    def _read_head(self) -> ResponseHead | None:
        while (raw := self._find_head(HEAD_LIMIT)) is not None:
            head = read_response_head(raw)
            if head.status >= 200:
                self._begin_body(head)
                return head
            self._interim += 1
            if self._interim > _INTERIM_LIMIT:
                raise Fault("upstream_protocol", "too many interim answers")
        return None

    def _begin_body(self, head: ResponseHead) -> None:
        """RFC 9112 section 6.3."""
        self._head = head
        self._keep_alive = head.keep_alive
        headers = head.headers
        if self._is_bare(head):
            self.ended = True
        elif headers.get(b"transfer-encoding"):
            self._chunks = ChunkedReader(self._max_body, "upstream_protocol", "upstream_too_large", _LEAST_MEAN)
        elif (length := headers.get(b"content-length")) is not None:
            self._left = int(length)
            self.ended = not self._left
            if self._left > self._max_body:
                self._fault = Fault("upstream_too_large")
                raise self._fault
        else:
            self._left = _UNBOUNDED
            self._until_close = True

    def _take_body(self) -> bytes:
        data = super()._take_body()
        # Counted as it is taken: what came with the head counts too, and a piece is as good as its bytes one by one (I4).
        if self._until_close and _UNBOUNDED - self._left > self._max_body:
            raise Fault("upstream_too_large")
        return data

    def _is_bare(self, head: ResponseHead) -> bool:
        """Whatever its fields say, no body follows."""
        return self._method == "HEAD" or head.status in (204, 304)

    def eof(self) -> None:
        """The peer closed; everything that was fed has been taken. Returns when the body is complete. Raises
        Fault("upstream_reset") when no byte of the answer had come, else Fault("upstream_truncated")."""
        self._check_alive()
        self._closed = True
        if self._until_close and not self.buffered:
            self.ended = True
        if not self.ended:
            self._fault = Fault("upstream_truncated" if self._started else "upstream_reset")
            raise self._fault

    def _new_scan(self) -> HeadScan:
        return ResponseScan()
