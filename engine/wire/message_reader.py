"""Hot: guarded by bench/micro/reader.py. What both readers share: the raw bytes, the search for a head, the body's end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.faults import Fault

if TYPE_CHECKING:
    from engine.wire.chunked import ChunkedReader
    from engine.wire.scan import Buffer, HeadScan


class MessageReader:
    """Turns bytes cut anywhere into heads and bodies. One piece that is used up before the next comes is never copied whole;
    pieces that have to wait for each other are gathered in a bytearray."""

    __slots__ = ("_at", "_buffer", "_chunks", "_fault", "_left", "_most", "_pieces", "_scan", "_short", "ended")

    def __init__(self, most: int) -> None:
        """`most`: bytes that a body may have; a larger one is the business of the reader's own `_take_body`."""
        self._most = most
        self._buffer: Buffer = b""
        self._at = 0  # what is before it has been used
        self._scan: HeadScan | None = None  # of a head that did not come whole
        self._chunks: ChunkedReader | None = None
        self._left = 0  # bytes of the body still to be taken, when it is not chunked
        self._fault: Fault | None = None
        self._pieces: list[bytes] = []
        self._short = 0  # bytes missing of a body that is gathered
        self.ended = True  # the current body is complete and taken

    def feed(self, data: bytes) -> None:
        """Takes what arrived; never raises."""
        if self._short:
            self._pieces.append(data)
            self._short -= len(data)
            if self._short > 0:
                return
            data, self._pieces, self._short = b"".join(self._pieces), [], 0
        if self._at >= len(self._buffer):
            self._buffer = data
            self._at = 0
            return
        if isinstance(self._buffer, bytes):
            self._buffer = bytearray(self._buffer)
        if self._at:
            del self._buffer[: self._at]
            self._at = 0
        self._buffer += data

    def gather(self, first: bytes) -> bool:
        """From here on `take` gives the body whole or not at all, and `buffered` does not count it. `first` is what has been
        taken of it; the answer whether it has been taken back. Never so for a body that is chunked, or over its limit."""
        if self._at < len(self._buffer) or not 0 < self._left <= self._most - len(first) or self._short:
            return False
        self._short = self._left
        self._left += len(first)
        self._pieces = [first]
        return True

    @property
    def buffered(self) -> int:
        """Raw bytes held that nobody has taken."""
        return len(self._buffer) - self._at

    @property
    def held(self) -> int:
        """Raw bytes held, those of a body that is gathered among them."""
        return self.buffered + (self._left - self._short if self._short else 0)

    @property
    def rescued(self) -> bytes:
        """What of a chunked body was good in the piece for which it was refused (I4)."""
        return self._chunks.rescued if self._chunks is not None else b""

    def take(self) -> bytes:
        """The body bytes that are there now, decoded; b"" when there are none. Raises Fault."""
        buffer, at, left = self._buffer, self._at, self._left
        if 0 < left == len(buffer) - at and left <= self._most and type(buffer) is bytes and self._fault is None:
            # All of a body that is not chunked, and nothing after it.
            self._buffer, self._at, self._left = b"", 0, 0
            self.ended = True
            return buffer[at:]
        self._check_alive()
        try:
            return self._take_body()
        except Fault as fault:
            self._fault = fault
            raise

    def pass_through(self, data: bytes) -> bytes:
        """`feed` and `take` in one. In the middle of a chunked body, nothing lies between the bytes and their decoder."""
        chunks = self._chunks
        if chunks is None or self._buffer or self._fault is not None:
            self.feed(data)
            return self.take()
        try:
            piece = chunks.feed(data)
        except Fault as fault:
            self._fault = fault
            raise
        if chunks.ended:
            self._end_chunks(chunks)
        return piece

    def _check_alive(self) -> None:
        if self._fault is not None:
            raise self._fault

    def _take_body(self) -> bytes:
        if self.ended or self._at >= len(self._buffer):
            return b""
        if self._chunks is not None:
            return self._take_chunks(self._chunks)
        if not self._left:
            return b""  # the head has not come yet
        data = self._take_raw(self._left)
        self._left -= len(data)
        if not self._left:
            self.ended = True
        return data

    def _take_chunks(self, chunks: ChunkedReader) -> bytes:
        data = chunks.feed(self._take_raw(len(self._buffer)))
        if chunks.ended:
            self._end_chunks(chunks)
        return data

    def _end_chunks(self, chunks: ChunkedReader) -> None:
        self._buffer, self._at = chunks.rest, 0
        self._chunks = None
        self.ended = True

    def _take_raw(self, most: int) -> bytes:
        buffer, at = self._buffer, self._at
        if len(buffer) - at > most:
            self._at = at + most
            return bytes(buffer[at : self._at])
        self._buffer, self._at = b"", 0
        return bytes(buffer[at:]) if at else bytes(buffer)

    def _find_head(self, limit: int) -> bytes | None:
        """The bytes of the next head, at most `limit`; None when more is needed. Raises Fault."""
        if self._at >= len(self._buffer):
            return None
        # A head is seldom cut: only one that is, or that is over its limit, is scanned line by line.
        end = -1
        if self._scan is None:
            end = self._buffer.find(b"\r\n\r\n", self._at, self._at + limit) + 4
        if end < 4:
            end = self._scan_head()
            if end < 0:
                return None
        self._scan = None
        head = bytes(self._buffer[self._at : end])
        self._at = end
        return head

    def _scan_head(self) -> int:
        if self._scan is None:
            self._scan = self._new_scan()
            self._buffer = self._buffer[self._at :]
            self._at = 0
        return self._scan.find_end(self._buffer)

    def _new_scan(self) -> HeadScan:
        raise NotImplementedError
