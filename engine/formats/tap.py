"""Hot: guarded by bench/micro/tap.py. Listening to a stream of server-sent events that passes untouched.

Nearly all chunks of a stream hold text and nothing that is to be counted, so a chunk is looked at for a few byte strings
and only parsed when one is there. Inside JSON strings quotes are escaped: a mark that holds quotes is never text.
Most of those differ from the one before in nothing but a piece of text: they are told by what surrounds it.
Providers write each event's JSON on one `data:` line, so lines are read, not events; what spans several lines is missed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from engine.chat import Usage
    from engine.faults import Fault

# A line that is longer is not kept. The longest with something to count is the last of a Responses stream, which
# repeats the whole answer.
LONGEST_LINE = 4 * 1024 * 1024
_KEPT_OF_LONGER = 256

_LESSONS = 8  # how often a stream is taken for one of the same again and again

_BETWEEN = (b"\n\n", b"\r\n\r\n", b"\r\r")
_LOOKED_AT = max(map(len, _BETWEEN))


class LineTap:
    """A tap for formats that write JSON on `data:` lines. A dialect says which chunks are worth parsing and what it hears."""

    __slots__ = ("_after", "_before", "_fresh", "_held", "_last", "_lessons", "fault", "finished", "served", "usage")

    text_mark = b""  # stands before the text in the events that are nothing but text; b"" when they are never the same

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self.served = ""
        self.finished = False
        self.fault: Fault | None = None
        self._fresh = True  # nothing parsed yet: the first event names the model
        self._held = bytearray()  # a line that is still arriving
        self._last = b""
        self._before = b"\n\n\n"  # what stands before and after the text of an event that was not worth parsing
        self._after = b""
        self._lessons = _LESSONS

    def feed(self, chunk: bytes) -> None:
        before, after = self._before, self._after
        if (
            chunk.startswith(before)
            and chunk.endswith(after)
            and chunk.find(b'"', len(before)) == len(chunk) - len(after)  # the text ends where it should
            and not self._held
        ):
            self._last = chunk
            return
        # Not more of it than is looked at: many events at once may be large, and the next may be long in coming (F-32).
        self._last = chunk[-_LOOKED_AT:] or self._last
        if self._is_text(chunk):
            return
        end = (chunk.rfind(b"\n") + 1) or (chunk.rfind(b"\r") + 1)
        if self._held or end != len(chunk):
            self._feed_cut(chunk, end)
        elif self._fresh or self.is_worth(chunk):
            self._read(chunk)
        elif self._lessons:
            self._learn(chunk)

    def between(self) -> bool:
        return not self._last or self._last.endswith(_BETWEEN)

    def is_worth(self, piece: bytes) -> bool:
        """May these bytes hold something to hear? Wrongly saying yes costs a parse, wrongly saying no loses it."""
        raise NotImplementedError

    def hear(self, data: dict[str, Any]) -> None:
        """One event's data. Never raises."""
        raise NotImplementedError

    def hear_other(self, data: bytes) -> None:
        """Data that is not JSON: a marker, or a line that was too long, of which only the beginning is right."""

    def _is_text(self, chunk: bytes) -> bool:
        """Several events of that kind, as when a stream is read late."""
        before, after = self._before, self._after
        if self._held or not after:
            return False
        begins, find, skip, at = chunk.startswith, chunk.find, len(before), 0
        while begins(before, at):
            at = find(b'"', at + skip)
            if at < 0 or not begins(after, at):
                return False
            at += len(after)
        return at == len(chunk) > 0

    def _learn(self, chunk: bytes) -> None:
        """Nothing is to be heard in `chunk`, nor then in one that differs from it within a string only."""
        mark = self.text_mark
        at = chunk.find(mark) + len(mark)
        end = chunk.find(b'"', at)
        if mark and at >= len(mark) and end >= 0:
            # Of several events the first.
            stop = chunk.find(b"\n\n", end)
            self._before, self._after = chunk[:at], chunk[end : stop + 2] if stop >= 0 else chunk[end:]
            self._lessons -= 1

    def _feed_cut(self, chunk: bytes, end: int) -> None:
        if not end:
            self._hold(chunk)
            return
        lines = b"".join((self._held, chunk[:end]))
        self._held = bytearray()
        if end != len(chunk):
            self._hold(chunk[end:])
        if self._fresh or self.is_worth(lines):
            self._read(lines)

    def _hold(self, piece: bytes) -> None:
        self._held += piece
        if len(self._held) > LONGEST_LINE:
            del self._held[_KEPT_OF_LONGER:]

    def _read(self, lines: bytes) -> None:
        for line in lines.splitlines():
            if line.startswith(b"data:") and (self._fresh or self.is_worth(line)):
                self._read_data(line[5:].strip())

    def _read_data(self, data: bytes) -> None:
        try:
            document = orjson.loads(data)
        except orjson.JSONDecodeError:
            self.hear_other(data)
            return
        if isinstance(document, dict):
            self._fresh = False
            self.hear(document)
