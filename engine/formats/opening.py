"""Hot: guarded by bench/micro/opening.py. How a stream begins, looked at before any of it is handed on (reliability.md, F-11).

A provider may answer 200 and then say in its first event that it is overloaded. As long as nothing has been handed on, that is
a failure like any other: another provider can be asked, and the client can be told by a status.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from engine.faults import Fault
from engine.formats.failure import fault_of
from engine.formats.tolerant import mapping
from engine.wire.sse import EventReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.formats.format import Tap
    from engine.wire.sse import Event

MOST = 16 * 1024  # bytes of a first event that are held back; a larger one is no error
_WARM = 16  # lines of comments and pings: who sends so many wants the client to see that the line is alive


def is_plain(held: bytes) -> bool:
    """Does it begin with a whole event that cannot be an error? As nearly all streams do; `Opening` judges the others."""
    end = held.find(b"\n\n")
    start = held.find(b"\n") + 1 if held.startswith(b"event: ") else 0
    return (
        end > start
        and held.startswith(b"data: {", start)
        and held.find(b"error", 0, end) < 0
        and held.find(b"ping", 0, end) < 0
    )


class Opening:
    """Reads a stream up to its first event; comments and pings are none. `tap` makes a tap of the stream's format."""

    __slots__ = ("_held", "_lines", "_reader", "_tap")

    def __init__(self, tap: Callable[[], Tap]) -> None:
        self._tap = tap
        self._reader = EventReader()
        self._held = 0
        self._lines = 0

    def feed(self, piece: bytes) -> bool:
        """May the stream be handed on? Raises the Fault that its first event is."""
        for event in self._reader.feed(piece):
            if event.event != "ping" and self._is_event(event):
                return True
        self._held += len(piece)
        self._lines += piece.count(b"\n")
        return self._held > MOST or self._lines > _WARM

    def _is_event(self, event: Event) -> bool:
        data = event.data.strip()
        if not data.startswith("{") and data != "[DONE]":
            raise Fault("upstream_bad_body", inside="the first event of the stream")
        if event.event != "error" and "error" not in data and "ping" not in data:
            return True
        try:
            document = mapping(orjson.loads(data))
        except orjson.JSONDecodeError:
            return True  # it is passed on as it is
        tap = self._tap()
        tap.feed(b"data: %b\n\n" % orjson.dumps(document))
        if tap.fault is not None:
            raise tap.fault
        if event.event == "error":
            raise fault_of(document.get("error") or document)
        return document.get("type") != "ping"
