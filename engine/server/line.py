"""Hot: guarded by bench/micro/connection.py. The line to one client: input and output with back-pressure, clocks, endings.

All waiting is done by the connection's one task, on `_waiter`; whoever is woken looks again at what it waits for.

A client that ends its side (FIN) is taken as gone, as is one whose connection broke: the task is cancelled in the same turn,
whatever it waits for, and nothing is an error. Not seen is a client that leaves while its input is paused, that is, after
64 KiB that nobody asked for.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING

from engine.server.clocks import Clocks
from engine.server.door import INPUT_HIGH, LINGER_BYTES, LINGER_SECONDS, Door
from engine.wire.reader import RequestReader

if TYPE_CHECKING:
    from engine.server.flow import Flow

_LITTLE = 16 * 1024  # bytes of one read that cannot be too many
_LINGER_NOT = struct.pack("ii", 1, 0)


class Line(asyncio.Protocol):
    """Bytes in go to `_reader`; bytes out go through `_write`."""

    __slots__ = (
        "_clocks",
        "_door",
        "_flow",  # the streamed answer that is on its way
        "_input_paused",
        "_late",  # what the task waits for did not come in time
        "_linger",  # bytes that may still come after the last answer; -1 before it
        "_loop",
        "_lost",  # nothing can be written any more
        "_output_held",  # bytes that the client had not taken when last looked at
        "_output_paused",
        "_reader",
        "_shutting",  # we end it, not the client
        "_task",
        "_transport",
        "_waiter",
        "_wants_input",
        "_whole",  # the last byte of the answer is written
    )

    _transport: asyncio.Transport
    _task: asyncio.Task[None]

    def __init__(self, door: Door, loop: asyncio.AbstractEventLoop) -> None:
        self._door = door
        self._loop = loop
        self._reader = RequestReader(door.limits)
        self._clocks = Clocks(door.wheel, loop, self)
        self._flow: Flow | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._wants_input = self._input_paused = self._output_paused = False
        self._late = self._lost = self._shutting = self._whole = False
        self._linger = -1
        self._output_held = 0

    def data_received(self, data: bytes) -> None:
        if self._linger >= 0:
            self._drop(data)
            return
        reader = self._reader
        reader.feed(data)
        if self._wants_input:
            self._wants_input = False
            waiter = self._waiter
            if waiter is not None and not waiter.done():
                waiter.set_result(None)
            if len(data) < _LITTLE:
                # Who asks for input has taken all but the beginning of a head.
                return
        # Also when it was asked for: a loop may hand over many pieces before the task has its turn.
        if reader.buffered >= INPUT_HIGH and not self._input_paused:
            self._input_paused = True
            self._transport.pause_reading()

    def _drop(self, data: bytes) -> None:
        """After a last answer nothing is parsed any more (I1)."""
        self._linger = max(0, self._linger - len(data))
        if not self._linger and not self._input_paused:
            # Not closed yet: the client may still be reading its answer.
            self._input_paused = True
            self._transport.pause_reading()

    def eof_received(self) -> None:
        # The transport then flushes what was written, and closes.
        self._leave()
        self._guard_output()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._clocks.close()
        self._leave()

    def pause_writing(self) -> None:
        self._output_paused = True
        self._guard_output()
        if self._flow is not None:
            self._flow.source.pause()

    def resume_writing(self) -> None:
        self._output_paused = False
        self._clocks.output_went()
        if self._flow is not None:
            self._flow.source.resume()
        else:
            self._wake()

    def _leave(self) -> None:
        if self._lost:
            return
        self._lost = True
        # Who has its whole answer may leave: what is still to be done for it (its log line) is done in peace.
        if not self._whole:
            self._task.cancel("shutting_down" if self._shutting else "client_gone")

    def _write(self, data: bytes) -> None:
        if self._lost:
            return
        if self._output_paused:
            self._output_held += len(data)
        self._transport.write(data)

    def _guard_output(self) -> None:
        """From now on the client must take something, as long as anything is left to take."""
        self._output_held = self._transport.get_write_buffer_size()
        if self._output_held:
            self._clocks.expect_output(LINGER_SECONDS if self._shutting else self._door.timeouts.write)

    def output_late(self) -> None:
        held = self._transport.get_write_buffer_size()
        if held < self._output_held and not self._shutting:
            self._guard_output()
        else:
            self._transport.abort()

    def input_late(self) -> None:
        if self._linger >= 0:
            self._close()
        else:
            self._late = True
            self._wants_input = False
            self._wake()

    def _input(self) -> asyncio.Future[None]:
        """To be awaited: done when more has come, or when it is too late for it."""
        self._wants_input = True
        if self._input_paused:
            self._input_paused = False
            self._transport.resume_reading()
        self._waiter = waiter = self._loop.create_future()
        return waiter

    async def _drained(self) -> None:
        while self._output_paused:
            self._waiter = self._loop.create_future()
            await self._waiter

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def _close(self) -> None:
        self._transport.close()
        self._guard_output()

    def _reset(self) -> None:
        """Ends the connection so that nobody takes what was sent for the whole: RST, not FIN."""
        sock = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        self._transport.abort()

    def _close_lingering(self) -> None:
        """Ends our side, and lets the client end its own for a while: a close with unread input is a reset, which may
        overtake the answer (RFC 9112 section 9.6, I5)."""
        self._linger = LINGER_BYTES
        if self._transport.can_write_eof():
            self._transport.write_eof()
        if self._input_paused:
            self._input_paused = False
            self._transport.resume_reading()
        self._clocks.expect_input(LINGER_SECONDS)
