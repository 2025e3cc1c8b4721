"""A connection beyond the limit: told so, and closed (F-41)."""

from __future__ import annotations

import asyncio
from typing import cast

from engine.faults import Fault
from engine.server.door import LINGER_SECONDS, Door
from engine.server.framing import write_whole

_RETRY_AFTER = (b"retry-after", b"1")


class Refusal(asyncio.Protocol):
    """One 503 with Retry-After. The request is not read beyond its first piece, which is taken in only because a close with
    unread input would be a reset, and a reset may overtake the answer."""

    __slots__ = ("_door", "_loop", "_timer", "_transport")

    def __init__(self, door: Door, loop: asyncio.AbstractEventLoop) -> None:
        self._door = door
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._timer = self._loop.call_later(LINGER_SECONDS, self._transport.abort)
        response = self._door.refuse(Fault("overloaded", retry_after=1), "")
        if all(name != b"retry-after" for name, _ in response.headers):
            response.headers.append(_RETRY_AFTER)
        self._transport.write(write_whole(response, None, False, self._door.date()))
        if self._transport.can_write_eof():
            self._transport.write_eof()

    def data_received(self, data: bytes) -> None:  # noqa: ARG002
        self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        if self._timer is not None:
            self._timer.cancel()


class Shed(asyncio.Protocol):
    """A connection for which there is no descriptor to serve it with: dropped without a word (F-42)."""

    __slots__ = ()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).abort()
