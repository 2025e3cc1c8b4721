"""Finds where a head ends, and refuses early what no further byte can mend.

Whether and why a head is refused depends on its bytes alone, never on how they were cut (I4): every refusal here belongs to
a position in the bytes, the earliest wins, and the same scan goes over a head that arrived whole.
"""

from __future__ import annotations

from typing import NoReturn

Buffer = bytes | bytearray


class HeadScan:
    """Reads a head line by line as it arrives. `limit` counts the whole head, `line_limit` one field line, line ends
    included, in bytes."""

    __slots__ = ("_limit", "_line", "_line_limit")

    def __init__(self, limit: int, line_limit: int) -> None:
        self._limit = limit
        self._line_limit = line_limit
        self._line = 0  # where the line that is still to be read begins

    def find_end(self, buffer: Buffer) -> int:
        """`buffer` begins with the head and has only grown since the last call. Returns the head's length, or -1 when more
        is needed. Raises Fault."""
        seen = min(len(buffer), self._limit)
        if self._line == 0:
            self.check_opening(buffer, seen)
        line = self._line
        while (feed := buffer.find(b"\n", line, seen)) >= 0:
            self._check_line(buffer, line, feed)
            if feed == line + 1:
                return feed + 1
            line = feed + 1
        self._line = line
        # A line that is not at its end needs one byte more at least.
        if len(buffer) >= self._limit or (line and seen - line >= self._line_limit):
            self.refuse_size()
        return -1

    def _check_line(self, buffer: Buffer, line: int, feed: int) -> None:
        if line and feed + 1 - line > self._line_limit:
            self.refuse_size()
        if feed == line or buffer[feed - 1] != 0x0D:
            self.refuse_line_end()
        if line == 0:
            self.check_first_line(bytes(buffer[: feed - 1]))

    def check_opening(self, buffer: Buffer, seen: int) -> None:
        """Refuses a first line by its beginning, `buffer[:seen]`; the line may or may not be complete."""
        raise NotImplementedError

    def check_first_line(self, line: bytes) -> None:
        """Refuses a complete first line."""
        raise NotImplementedError

    def refuse_size(self) -> NoReturn:
        raise NotImplementedError

    def refuse_line_end(self) -> NoReturn:
        raise NotImplementedError
