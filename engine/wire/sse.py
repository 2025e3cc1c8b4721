"""Hot: guarded by bench/micro/sse.py. Server-sent events (WHATWG HTML section 9.2.6), read and written."""

from __future__ import annotations

from dataclasses import dataclass

from engine.faults import Fault

_BOM = b"\xef\xbb\xbf"


@dataclass(slots=True)
class Event:
    """`event` is "message" unless the stream says otherwise; `data` is the text of its data lines, joined by "\\n"; `id` is the
    last event id of the stream so far."""

    event: str
    data: str
    id: str = ""


class EventReader:
    """Reads events out of bytes cut anywhere. `limit` is the most that one event may hold, in bytes: a stream that never ends
    its event must not fill the memory. What is left without an empty line at the end of the stream is no event."""

    __slots__ = ("_data", "_event", "_held", "_id", "_limit", "_parts", "_size", "_started", "_swallow_feed")

    def __init__(self, limit: int = 16 * 1024 * 1024) -> None:
        self._limit = limit
        self._parts: list[bytes] = []  # of a line that has no end yet
        self._held = 0  # their bytes
        self._size = 0  # bytes of the data lines of this event
        self._data: list[str] = []
        self._event = ""
        self._id = ""
        self._started = False
        self._swallow_feed = False  # the last line ended with CR: an LF now belongs to it

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that `chunk` completes. Raises Fault("upstream_too_large")."""
        if self._swallow_feed and chunk:
            self._swallow_feed = False
            if chunk[0] == 0x0A:
                chunk = chunk[1:]
        if b"\n" not in chunk and b"\r" not in chunk:
            self._hold(chunk)
            return []
        lines = (b"".join(self._parts) + chunk if self._parts else chunk).splitlines()
        self._parts.clear()
        self._held = 0
        if not chunk.endswith((b"\n", b"\r")):
            self._hold(lines.pop())
        self._swallow_feed = chunk.endswith(b"\r")
        return self._read_lines(lines)

    def _hold(self, part: bytes) -> None:
        if part:
            self._parts.append(part)
            self._held += len(part)
            self._check_size()

    def _check_size(self) -> None:
        if self._held + self._size > self._limit:
            raise Fault("upstream_too_large", "one event of the stream")

    def _read_lines(self, lines: list[bytes]) -> list[Event]:
        if not self._started:
            self._started = True
            lines[0] = lines[0].removeprefix(_BOM)
        events: list[Event] = []
        for line in lines:
            if line.startswith(b"data: "):
                self._add_data(line[6:])
            elif line:
                self._read_field(line)
            else:
                self._dispatch(events)
        return events

    def _add_data(self, value: bytes) -> None:
        self._size += len(value) + 1
        self._check_size()
        self._data.append(value.decode(errors="replace"))

    def _read_field(self, line: bytes) -> None:
        """A field that is not known, a comment and `retry` mean nothing here."""
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._add_data(value)
        elif name == b"event":
            self._event = value.decode(errors="replace")
        elif name == b"id" and b"\0" not in value:
            self._id = value.decode(errors="replace")

    def _dispatch(self, events: list[Event]) -> None:
        if self._data:
            data = self._data[0] if len(self._data) == 1 else "\n".join(self._data)
            events.append(Event(self._event or "message", data, self._id))
            self._data.clear()
            self._size = 0
        self._event = ""


def write_event(data: str | bytes, event: str | None = None) -> bytes:
    """One event; data of several lines takes several data lines. Raises Fault("internal") for an event name that is not one
    line."""
    raw = data.encode(errors="replace") if isinstance(data, str) else data
    if b"\n" in raw or b"\r" in raw:
        raw = b"\ndata: ".join(raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"))
    if event is None:
        return b"data: %b\n\n" % raw
    if "\n" in event or "\r" in event:
        raise Fault("internal")
    return b"event: %b\ndata: %b\n\n" % (event.encode(), raw)
