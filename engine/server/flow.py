"""Hot: guarded by bench/micro/stream.py. A streamed answer: each piece goes out in the loop turn in which it came in."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from engine.faults import Fault
from engine.wire.chunked import LAST_CHUNK, write_chunk

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.server.door import Report
    from engine.web import Streamed


class Flow:
    """Pours one source through its pipe into `write`; `wrote` is told the size of each piece. `chunked` or bare bytes.

    After `run`: `whole` says whether the body was ended in good order, also when a fault was told in band (F-06). When the
    format has no words for that, it is false: the end is left off, so that the truncation shows (F-07)."""

    __slots__ = ("_broken", "_chunked", "_pipe", "_report", "_task", "_write", "_wrote", "source", "whole")

    def __init__(
        self, streamed: Streamed, write: Callable[[bytes], None], wrote: Callable[[int], None], chunked: bool, report: Report
    ) -> None:
        self.source = streamed.source
        self._pipe = streamed.pipe
        self._write = write
        self._wrote = wrote
        self._chunked = chunked
        self._report = report
        self._task: asyncio.Task[object] | None = None
        self._broken: Fault | None = None
        self.whole = False

    async def run(self) -> Fault | None:
        """Returns the fault that broke the stream, or None. Cancelling drops the source."""
        self._task = asyncio.current_task()
        try:
            await self.source.pour(self._piece)
            self._end(self._pipe.finish())
            return None
        except asyncio.CancelledError:
            # Ours, when a piece could not be passed on: see _piece. Both at once count as the other's.
            if self._broken is None or self._task is None or self._task.uncancel():
                raise
            return self.fail(self._broken)
        except Exception as exc:
            return self.fail(self._judge(exc))
        finally:
            self.source.close()

    def fail(self, fault: Fault) -> Fault:
        """Tells the client in band, in its format's own words."""
        try:
            words = self._pipe.fail(fault)
        except Exception as exc:
            self._report(exc)
            words = b""
        if words:
            self._end(words)
        return fault

    def _piece(self, chunk: bytes) -> None:
        if self._broken is not None:
            return
        try:
            data = self._pipe.feed(chunk)
        except Exception as exc:
            # The caller may be another connection's protocol: it must not suffer from what our pipe thinks of its bytes.
            self._broken = fault = self._judge(exc)
            if self._task is None or asyncio.current_task() is self._task:
                raise fault from exc
            self._task.cancel()
            return
        if data:
            size = len(data)
            # `write_chunk`, spelt out: once per event
            self._write(b"%x\r\n%b\r\n" % (size, data) if self._chunked else data)
            self._wrote(size)

    def _end(self, data: bytes) -> None:
        if self._chunked:
            self._write(write_chunk(data) + LAST_CHUNK if data else LAST_CHUNK)
        elif data:
            self._write(data)
        if data:
            self._wrote(len(data))
        self.whole = True

    def _judge(self, exc: Exception) -> Fault:
        if isinstance(exc, Fault):
            return exc
        self._report(exc)
        return Fault("internal")
