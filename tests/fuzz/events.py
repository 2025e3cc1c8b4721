"""Server-sent events under fuzz, beside a reader that follows WHATWG HTML section 9.2.6 word by word, and the taps of all
formats beside both (reliability.md, section 1.5)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random

from engine.wire.sse import Event, EventReader, write_event
from tests.fuzz.campaign import Kind, fault_of
from tests.fuzz.mutation import byte_by_byte, cut_anywhere, mutate, pick

_ENDS = re.compile("\r\n|\n|\r")


@dataclass
class Standard:
    """The standard's own steps, on text that is there whole: slow, and easy to compare with its words."""

    events: list[Event] = field(default_factory=list)
    data: str = ""
    kind: str = ""
    id: str = ""

    def read(self, stream: bytes) -> list[Event]:
        text = stream.decode("utf-8", "replace").removeprefix("\ufeff")
        *lines, _ = _ENDS.split(text)  # what has no end is discarded
        for line in lines:
            self._line(line)
        return self.events

    def _line(self, line: str) -> None:
        if line == "":
            self._dispatch()
        elif line.startswith(":"):
            pass
        elif ":" in line:
            name, _, value = line.partition(":")
            self._field(name, value[1:] if value.startswith(" ") else value)
        else:
            self._field(line, "")

    def _field(self, name: str, value: str) -> None:
        if name == "event":
            self.kind = value
        elif name == "data":
            self.data += value + "\n"
        elif name == "id" and "\0" not in value:
            self.id = value

    def _dispatch(self) -> None:
        if self.data:
            self.events.append(Event(self.kind or "message", self.data.removesuffix("\n"), self.id))
        self.data = self.kind = ""


SEEDS = (
    b'data: {"a":1}\n\n',
    b"event: message_start\ndata: {}\n\n",
    b"data: a\r\ndata: b\r\n\r\n",
    b"data:a\rdata:\rdata\r\r",
    b"\xef\xbb\xbfdata: a\n\n",
    b": ping\n\nid: 1\ndata: \xc3\xa9\xe2\x80\xa8\xf0\x9f\x98\x80\n\n",
    b"retry: 10\nid: \0\nevent: x\n\ndata: [DONE]\n\n",
)
TOKENS = (
    *(b"data: ", b"data:", b"data", b"event: x\n", b"event:\n", b"id: 7\n", b"id\n", b"id: a\0b\r", b":", b": c\r\n", b"\n\n"),
    *(
        b"\r\n\r\n",
        b"\r\r",
        b"\r\n",
        b"\r",
        b"\n",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xe2\x80",
        b"\xc2\x85",
        b"\x0b",
        b"\x1c",
        b"\0",
        b"DATA: x\n",
    ),
)


def read(pieces: Iterable[bytes], reader: EventReader) -> list[Event]:
    return [event for piece in pieces for event in reader.feed(piece)]


def check(data: bytes, dice: Random) -> str:
    """Returns how many events there were, up to five."""
    standard = Standard().read(data)
    for pieces in ([data], byte_by_byte(data) if not pick(dice, 6) else cut_anywhere(data, dice)):
        events = read(pieces, EventReader())
        assert events == standard, f"cut into {[len(p) for p in pieces]}: {events}\nthe standard: {standard}"
    _check_limit(data, dice)
    for event in standard:
        _check_written(event)
    return str(min(len(standard), 5))


def _check_written(event: Event) -> None:
    """What is written from an event reads back as that event, whatever it holds."""
    text = event.data.replace("\r\n", "\n").replace("\r", "\n")
    written = write_event(event.data, event.event)
    assert Standard().read(written) == read([written], EventReader()) == [Event(event.event, text)], written


def _check_limit(data: bytes, dice: Random) -> None:
    """A reader holds no more than its limit and one piece; what it gives before it refuses is as without a limit."""
    reader = EventReader(limit=24)
    events: list[Event] = []

    def feed() -> None:
        for piece in cut_anywhere(data, dice):
            events.extend(reader.feed(piece))

    fault = fault_of(feed)
    assert fault is None or fault.code == "upstream_too_large"
    assert events == Standard().read(data)[: len(events)]


SSE = Kind("sse", lambda dice: mutate(dice, SEEDS, TOKENS), check)
