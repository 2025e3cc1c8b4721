"""Hot: guarded by bench/micro/connection.py. One client connection, its one task, and the answers.

The task walks: wait for a head, hand the request to the handler, see that it was answered, and again. When the client leaves,
the task is cancelled with the message "client_gone"; when it is us who end, with "shutting_down".
"""

from __future__ import annotations

import asyncio
from math import inf
from typing import TYPE_CHECKING, cast

from engine.faults import Fault
from engine.server.door import LINGER_SECONDS, OUTPUT_HIGH, OUTPUT_LOW, Door
from engine.server.flow import Flow
from engine.server.framing import has_body, write_stream_head, write_whole
from engine.server.inbound import Inbound
from engine.server.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.web import Response

_UNASKED = "no request is waiting for an answer"


class Connection(Inbound):
    """Implements ports.Client for the request that is being handled, and door.Guest for the listener."""

    __slots__ = (
        "_keep",  # the connection goes on after this answer
        "_served",  # requests answered
    )

    def __init__(self, door: Door, loop: asyncio.AbstractEventLoop, on_loopback: bool, secure: bool) -> None:
        super().__init__(door, loop, on_loopback, secure)
        self._keep = True
        self._served = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self._door.full and not self._door.make_room(self._loop.time()):
            refusal = Refusal(self._door, self._loop)
            transport.set_protocol(refusal)
            refusal.connection_made(transport)
            return
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(OUTPUT_HIGH, OUTPUT_LOW)
        peer = transport.get_extra_info("peername")
        self._peer = peer[0] if peer else ""
        self._door.enter(self)
        self._owe()
        self._task = self._loop.create_task(self._serve(), name="client")

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._owes:
            self._settle()
        self._door.leave(self)

    def send(self, response: Response) -> None:
        head, door = self._head, self._door
        if head is None or self._started:
            raise RuntimeError(_UNASKED)
        # Never kept with a body that is not read to its end (I5).
        keep = head.keep_alive and self._reader.ended and not door.draining
        data = write_whole(response, head, keep, door.date())
        self._started = self._whole = True
        self._keep = keep
        self._write(data)

    async def stream(self, response: Response, wrote: Callable[[int], None]) -> Fault | None:
        head, streamed = self._head, response.stream
        if head is None or self._started:
            raise RuntimeError(_UNASKED)
        if streamed is None:
            raise RuntimeError("a response without a stream is sent, not streamed")
        bodiless = not has_body(response.status, head)
        chunked = head.version == "1.1"
        keep = head.keep_alive and self._reader.ended and not self._door.draining and (chunked or bodiless)
        data = write_stream_head(response, head, keep, self._door.date())
        self._started = True
        self._keep = keep
        self._write(data)
        if bodiless:
            streamed.source.close()
            self._whole = True
            return None
        flow = self._flow = Flow(streamed, self._write, wrote, chunked, self._door.report)
        try:
            fault = await flow.run()
            if not flow.whole:
                self._cut(chunked)
            return fault
        except asyncio.CancelledError:
            if self._shutting and not self._lost:
                flow.fail(Fault("shutting_down"))
            raise
        finally:
            self._flow = None
            self._whole = flow.whole

    @property
    def idle(self) -> bool:
        return self._head is None and self._linger < 0 and self._reader.idle

    @property
    def idle_since(self) -> float:
        due = self._clocks.input
        return due - self._door.timeouts.idle if due and self.idle and not self._shutting else inf

    def retire(self) -> None:
        if self.idle and self._served:
            self.close_now()
        elif self.idle:
            # The first request may be on its way to a connection that was just opened; it will be answered.
            self._clocks.expect_input(min(self._door.timeouts.head, LINGER_SECONDS))

    def close_now(self) -> None:
        self._shutting = True
        if self._task.done():
            self._transport.abort()
            return
        self._task.cancel("shutting_down")
        # What is told last has a second to be taken.
        self._clocks.expect_output(LINGER_SECONDS)

    async def _serve(self) -> None:
        reader, door = self._reader, self._door
        try:
            idle = reader.idle
            while self._keep and not self._lost and not (door.draining and self._served and idle):
                request = self._next_request(idle)
                while request is None:
                    await self._input()
                    request = self._look_again()
                    if request is None and self._late:
                        self._close()
                        return
                await door.handler(request, self)
                if not self._whole and not self._lost:
                    raise RuntimeError("the handler left its request without a whole answer")
                self._served += 1
                request = self._head = self._incoming = None  # nothing of it is kept while the next is waited for
                self._started = self._whole = False
                idle = reader.idle
                if self._keep and (self._output_paused or not idle):
                    await self._take_turns()
                    idle = reader.idle
            self._finish()
        except asyncio.CancelledError:
            if self._shutting:
                self._refuse(Fault("shutting_down"))
            raise
        except Exception as exc:
            self._fail(exc)

    def _cut(self, chunked: bool) -> None:
        """Ends a stream so that its truncation shows: without a last chunk, or with a reset instead of a FIN (F-07)."""
        self._lost = True
        if chunked:
            self._close()
        else:
            self._reset()

    def _finish(self) -> None:
        if self._lost:
            return
        if self._reader.ended and self._reader.idle:
            self._close()
        else:
            self._close_lingering()

    def _fail(self, exc: Exception) -> None:
        """What could not be read as a request (I1), or a handler that failed."""
        fault = exc if isinstance(exc, Fault) else Fault("internal")
        if fault.code == "internal":
            self._door.report(exc)
        self._refuse(fault)

    def _refuse(self, fault: Fault) -> None:
        """The last answer of this connection, if its request has none, and the end."""
        if self._lost:
            return
        head = self._head
        if self._started and not self._whole:
            self._reset()
            return
        if not self._whole and (head is not None or not self._shutting):
            try:
                response = self._door.refuse(fault, head.path if head is not None else "")
                self._write(write_whole(response, head, False, self._door.date()))
            except Exception as exc:
                self._door.report(exc)
                self._transport.abort()
                return
        if head is None and not self._shutting:
            # A reader that refused its input cannot say whether there is more.
            self._close_lingering()
        else:
            self._finish()
