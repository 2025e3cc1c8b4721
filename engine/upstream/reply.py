"""Hot: guarded by bench/micro/upstream.py. A provider's answer while its body is still arriving.

A reply belongs to its connection until the body has ended; from then on the connection may be serving somebody else, and the
reply lives on what it holds. So everything that touches the connection goes through `_connection`, which is None by then.

No exception is ever put into a future: the waiter is only woken, and the failure is read from `error`. A waiter whose task
went away at the same time then leaves no "exception was never retrieved" behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.faults import Fault
from engine.web import Headers

if TYPE_CHECKING:
    import asyncio

    from engine.ports import Write
    from engine.upstream.connection import Connection
    from engine.wire.message import ResponseHead

HELD = 64 * 1024  # body bytes kept for a reply that nobody reads yet; then the upstream is paused

_NONE = Headers()


class PooledReply:
    """Implements `ports.Reply`. `status` is 0 until the head of the final answer is there."""

    __slots__ = (
        "_connection",
        "_held",
        "_limit",
        "_loop",
        "_pausing",
        "_pieces",
        "_reading",
        "_waiter",
        "_write",
        "came",
        "error",
        "headers",
        "status",
    )

    def __init__(self, connection: Connection, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.status = 0
        self.headers = _NONE
        self._connection: Connection | None = connection
        self.error: Exception | None = None  # what ended it before its time
        self._held = 0
        self._limit = HELD
        self._pausing = False
        self._pieces: list[bytes] = []
        self._reading = False
        self.came: asyncio.Future[None] = loop.create_future()  # done when the head is there, or never will be
        self._waiter = self.came
        self._write: Write | None = None

    # What the caller does.

    async def head(self) -> PooledReply:
        """This reply, when `status` and `headers` are set. Raises what went wrong; cancelling drops the connection."""
        try:
            await self.came
        except BaseException:
            self.close()  # at once: nobody wants the answer any more (F-30)
            raise
        if self.error is not None and not self.status:
            raise self.error
        return self

    async def read(self, limit: int) -> bytes:
        connection = self._connection
        if connection is not None:
            if max(self._held, self._announced()) > limit:
                self.close()
                raise Fault("upstream_too_large")
            self._reading, self._limit = True, limit
            self._go_on(connection)
            await self._wait()
        if self.error is not None:
            raise self.error
        if self._held > limit:
            raise Fault("upstream_too_large")
        pieces = self._pieces
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def peek(self, beyond: int) -> bytes:
        while self._held <= beyond and self._connection is not None:
            self._limit = beyond
            try:
                await self._wait()
            finally:
                self._limit = HELD
        if self.error is not None and self._held <= beyond:
            raise self.error
        pieces = self._pieces
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def pour(self, write: Write) -> None:
        try:
            for piece in self._pieces:
                write(piece)
        except BaseException:
            self.close()
            raise
        self._pieces, self._held = [], 0
        connection = self._connection
        if connection is not None:
            self._write = write
            self._go_on(connection)
            await self._wait()
        if self.error is not None:
            raise self.error

    def pause(self) -> None:
        self._pausing = True
        if self._connection is not None:
            self._connection.pause()

    def resume(self) -> None:
        self._pausing = False
        if self._connection is not None:
            self._connection.resume()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.drop()

    # What the connection does.

    def push(self, piece: bytes) -> None:
        """One decoded piece of the body. Raises what `write` raises, and Fault("upstream_too_large") while reading."""
        if self._write is not None:
            self._write(piece)
            return
        self._pieces.append(piece)
        self._held += len(piece)
        if self._held <= self._limit:
            return
        if self._reading:
            raise Fault("upstream_too_large")
        if self._limit < HELD:
            self.wake()  # whoever peeks
        elif self._connection is not None:
            self._connection.pause()

    def finish_whole(self, head: ResponseHead, body: bytes) -> None:
        """Head and body at once, before anybody could ask for either."""
        self.headers = head.headers
        self.status = head.status
        self._connection = None
        self._pieces.append(body)
        self._held = len(body)
        if not self.came.done():
            self.came.set_result(None)

    def finish(self, error: Exception | None = None) -> None:
        """The connection is no longer ours: the body ended in good order, or `error` says why not."""
        self._connection = None
        self.error = error
        self.wake()

    def wake(self) -> None:
        if not self._waiter.done():
            self._waiter.set_result(None)

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        except BaseException:
            self.close()  # as in `head`
            raise

    def _go_on(self, connection: Connection) -> None:
        if not self._pausing:
            connection.resume()

    def _announced(self) -> int:
        return int(self.headers.get(b"content-length") or 0)
