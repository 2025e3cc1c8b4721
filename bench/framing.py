"""Where an HTTP/1 answer ends (RFC 9112 section 6.3), and the events in it: all that the load generator reads of one."""

from __future__ import annotations

import re

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_CLOSES = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
_MARK = b"data: "
# What is left when no length and no chunks say where a body ends: only the connection's end does.
_OPEN = 1 << 62


class Framing:
    """One connection's answers in turn. `feed` takes bytes as they come, cut anywhere, and says when an answer is whole.

    `good`: its status is 200. `events`: `data: ` marks seen in its body, 0 for one with a length. `closes`: the server
    will close the connection after it.
    """

    __slots__ = ("_held", "_left", "_streaming", "_tail", "_trailing", "closes", "events", "good")

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """The next answer, nothing of it read."""
        self._held = self._tail = b""
        self._left = self.events = 0
        self._streaming = self._trailing = self.good = self.closes = False

    def feed(self, data: bytes) -> bool:
        """True when `data` ends the answer. What follows the end is dropped: nothing is pipelined."""
        if self._streaming:
            return self._stream(data)
        if self._left:
            self._left -= len(data)
            return self._left <= 0
        return self._head(data)

    def ended(self) -> bool:
        """True when the end of the connection is the end of the answer, as one with neither length nor chunks has it."""
        return self._left == _OPEN

    def _head(self, data: bytes) -> bool:
        data = self._held + data if self._held else data
        end = data.find(b"\r\n\r\n") + 4
        if end < 4:
            self._held = data
            return False
        self._held = b""
        self.good = data[9:12] == b"200"
        self.closes = _CLOSES.search(data, 0, end) is not None
        found = _LENGTH.search(data, 0, end)
        if found is not None:
            self._left = int(found[1]) - (len(data) - end)
            return self._left <= 0
        self._streaming = True
        if _CHUNKED.search(data, 0, end) is None:
            self._left, self.closes = _OPEN, True
        return self._stream(data[end:])

    def _stream(self, data: bytes) -> bool:
        self._count(data)
        return self._left != _OPEN and self._chunks(data)

    def _count(self, data: bytes) -> None:
        """Events of this piece, and one whose mark is cut in two by the pieces' border."""
        self.events += data.count(_MARK) + (self._tail + data[:5]).count(_MARK)
        self._tail = data[-5:] if len(data) > 4 else (self._tail + data)[-5:]

    def _chunks(self, data: bytes) -> bool:
        """Steps from size line to size line (RFC 9112 section 7.1); `_left` counts a chunk's bytes and its CRLF."""
        data = self._held + data if self._held else data
        at, size = self._left, len(data)
        while at < size:
            end = data.find(b"\r\n", at)
            if end < 0:
                break
            if self._trailing:  # in the trailer section: an empty line is the end of all
                if end == at:
                    return True
                at = end + 2
                continue
            length = _size(data[at:end])
            if length < 0:  # no chunk: the rest cannot be read
                self.good, self.closes = False, True
                return True
            if length:
                at = end + 4 + length
            else:
                self._trailing, at = True, end + 2
        self._held = data[at:]
        self._left = max(0, at - size)
        return False


def _size(line: bytes) -> int:
    """Of a chunk-size line with its extensions; -1 when it is none."""
    try:
        return int(line.partition(b";")[0], 16)
    except ValueError:
        return -1
