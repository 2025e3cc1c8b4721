"""A stream of 50 events, each in its own piece, read and written again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.micro.scene import chat_events
from engine.wire.sse import EventReader, write_event

if TYPE_CHECKING:
    from collections.abc import Callable

BUDGET = 140.0


def operation() -> Callable[[], object]:
    pieces = chat_events()

    def read_and_write() -> list[bytes]:
        reader = EventReader()
        return [write_event(event.data) for piece in pieces for event in reader.feed(piece)]

    assert read_and_write() == pieces
    return read_and_write
