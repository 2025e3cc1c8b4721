"""An event loop that is turned by hand, and a line that leads nowhere: what is timed is the engine, no kernel, no selector."""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from contextvars import Context

T = TypeVar("T")


def finish(waiting: Awaitable[T]) -> T:
    """The result of what has nothing left to wait for."""
    try:
        waiting.__await__().send(None)
    except StopIteration as ended:
        result: T = ended.value
        return result
    raise RuntimeError("it waits, and nobody will wake it")


class _Never(asyncio.TimerHandle):
    """What is due never comes; cancelling it costs nothing."""

    def cancel(self) -> None: ...


class HandLoop:
    """What the engine needs of a loop. Timers never fire, what was called soon cannot be called off, and every connection that
    is asked for is there at once: `dialled` is the latest one's protocol. `face` is this loop as types want it."""

    def __init__(self) -> None:
        self._ready: deque[tuple[Context | None, Callable[..., object], tuple[Any, ...]]] = deque()
        self.face = cast("asyncio.AbstractEventLoop", self)
        self.time = time.monotonic
        self.dialled: asyncio.Protocol | None = None
        self._never = _Never(0.0, lambda: None, (), self.face)

    def turn(self) -> None:
        """Runs what is ready until nothing is."""
        ready = self._ready
        asyncio._set_running_loop(self.face)
        try:
            while ready:
                context, callback, args = ready.popleft()
                if context is None:
                    callback(*args)
                else:
                    context.run(callback, *args)
        finally:
            asyncio._set_running_loop(None)

    def begin(self, coroutine: Coroutine[Any, Any, object]) -> None:
        """Runs a coroutine until it waits."""
        asyncio._set_running_loop(self.face)
        try:
            coroutine.send(None)
        finally:
            asyncio._set_running_loop(None)

    def finish(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Runs a coroutine to its end; what it waited for is there."""
        asyncio._set_running_loop(self.face)
        try:
            coroutine.send(None)
        except StopIteration as ended:
            result: T = ended.value
            return result
        finally:
            asyncio._set_running_loop(None)
        raise RuntimeError("it waits, and nobody will wake it")

    def call_soon(self, callback: Callable[..., object], *args: Any, context: Context | None = None) -> asyncio.Handle:
        self._ready.append((context, callback, args))
        return self._never

    def call_at(
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self._never

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self.face)

    def create_task(self, *args: Any, **kwargs: Any) -> asyncio.Task[Any]:
        return asyncio.Task(*args, loop=self.face, **kwargs)

    async def create_connection(
        self, factory: Callable[[], asyncio.Protocol], *args: Any, **kwargs: Any
    ) -> tuple[asyncio.Transport, asyncio.Protocol]:
        transport, protocol = Nowhere(), factory()
        protocol.connection_made(transport)
        self.dialled = protocol
        return transport, protocol

    def get_debug(self) -> bool:
        return False

    def call_exception_handler(self, context: Any) -> None:
        """Tasks are left waiting when a guard is over: nothing to be told."""


class Nowhere(asyncio.Transport):
    """An open connection whose other end takes everything at once; `last` is what was written last."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 40000), "socket": _silent_socket()})
        self.last: Any = b""

    def write(self, data: Any) -> None:
        self.last = data

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def close(self) -> None: ...

    def abort(self) -> None: ...


class _Silent:
    """A descriptor that is open and never has anything to read."""

    def __init__(self) -> None:
        self._ends = os.pipe()

    def fileno(self) -> int:
        return self._ends[0]


@cache
def _silent_socket() -> _Silent:
    return _Silent()
