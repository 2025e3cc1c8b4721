"""How long an event takes through a gateway: every event says when it was written, whoever reads it looks at the clock.

`python -m bench.stamped PORT` is the mock provider with stamps in its events. Clocks are the system's monotonic one, which
is the same in all processes of a machine.
"""

from __future__ import annotations

import asyncio
import re
import sys
from time import monotonic_ns
from typing import TYPE_CHECKING, cast

import uvloop

from bench.upstream import Mock, serve

if TYPE_CHECKING:
    from bench.work import Work

_EVENT = (
    b'data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1,"model":"gpt-4o","choices":[{"index":0,"delta":'
    b'{"content":" at=%d"},"finish_reason":null}]}\n\n'
)
_STAMP = re.compile(rb" at=(\d+)")


class Stamping(Mock):
    """Writes the time of the monotonic clock, in nanoseconds, as each event's text."""

    def event(self) -> bytes:
        data = _EVENT % monotonic_ns()
        return b"%x\r\n%b\r\n" % (len(data), data)


class Listener(asyncio.Protocol):
    """Asks for one stream after another; `delays` are in seconds, from the write of an event to its read."""

    def __init__(self, work: Work, delays: list[float]) -> None:
        self._request = work.requests[0]
        self._delays = delays
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        now = monotonic_ns()
        self._delays += [(now - int(stamp)) / 1e9 for stamp in _STAMP.findall(data)]
        self._held = self._held[-4:] + data
        if self._held.endswith(b"\n0\r\n\r\n"):
            self._transport.write(self._request)


async def listen(port: int, work: Work, streams: int, seconds: float) -> list[float]:
    """The delays of all events of `streams` streams at once, after a second uncounted."""
    loop = asyncio.get_running_loop()
    delays: list[float] = []
    listeners = []
    for _ in range(streams):
        listeners.append(await loop.create_connection(lambda: Listener(work, delays), "127.0.0.1", port))
        await asyncio.sleep(0.02 / streams)  # not all in step
    await asyncio.sleep(1.0)
    delays.clear()
    await asyncio.sleep(seconds)
    for transport, _ in listeners:
        transport.abort()
    return delays


if __name__ == "__main__":
    try:
        uvloop.run(serve(int(sys.argv[1]) if len(sys.argv) > 1 else 0, Stamping))
    except KeyboardInterrupt:
        pass
