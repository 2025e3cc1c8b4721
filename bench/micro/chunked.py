"""A stream of 50 events, each its own chunk, decoded and coded again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.micro import scene
from engine.wire.chunked import LAST_CHUNK, ChunkedReader, write_chunk

if TYPE_CHECKING:
    from collections.abc import Callable

BUDGET = 45.0


def operation() -> Callable[[], object]:
    events = scene.chat_events()
    chunks = scene.chunked(events)

    def code() -> list[bytes]:
        reader = ChunkedReader(scene.LIMIT)
        return [write_chunk(reader.feed(chunk)) for chunk in chunks]

    assert b"".join(code()) + LAST_CHUNK == b"".join(chunks)
    return code
