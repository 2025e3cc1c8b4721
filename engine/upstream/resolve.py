"""Names to addresses, off the event loop (reliability.md, F-03).

The look-up itself is the system's blocking `getaddrinfo`, each in a daemon thread: a name server that hangs must neither
hold up the loop nor the end of the process. Per name one look-up is under way at a time, however many wait for it.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from engine.faults import Fault

LookUp = Callable[[str], Sequence[str]]


def look_up(host: str) -> Sequence[str]:
    """The addresses of `host` in the system's order of preference (RFC 6724). Blocks. Raises OSError or UnicodeError."""
    rows = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(row[4][0]) for row in rows))


class Resolver:
    """`resolve(host)` with a memory. All times in seconds.

    An answer is good for `fresh`. When a new look-up fails or is late, the old answer serves for up to `stale`, and for
    `recheck` after a failure it serves at once (RFC 8767 section 5). `cap` bounds every wait, `threads` the look-ups under way,
    `most` the names that are remembered, and those that are waited for.
    """

    def __init__(
        self,
        look_up: LookUp = look_up,
        *,
        now: Callable[[], float] = time.monotonic,
        cap: float = 5.0,
        fresh: float = 60.0,
        stale: float = 600.0,
        recheck: float = 5.0,
        threads: int = 16,
        most: int = 1 << 20,
    ) -> None:
        self._look_up = look_up
        self._now = now
        self._cap, self._fresh, self._stale, self._recheck = cap, fresh, stale, recheck
        self._free_threads = threads
        self._most = most
        self._known: dict[str, tuple[float, tuple[str, ...]]] = {}
        self._failed: dict[str, float] = {}
        self._flights: dict[str, asyncio.Future[None]] = {}
        self._queue: deque[str] = deque()

    async def resolve(self, host: str, seconds: float) -> tuple[str, ...]:
        """All addresses of `host`, within `seconds`. Raises Fault("upstream_dns")."""
        if addresses := self._remembered(host, self._fresh):
            return addresses
        if host not in self._flights and len(self._flights) >= self._most:
            raise Fault("upstream_dns")
        failed = self._failed.get(host)
        if failed is None or self._now() - failed >= self._recheck or not self._remembered(host, self._stale):
            # `wait` neither cancels the look-up, which others may be waiting for, nor raises.
            done, _ = await asyncio.wait((self._flight(host),), timeout=max(0.0, min(self._cap, seconds)))
            if not done:
                self._failed[host] = self._now()
        if addresses := self._remembered(host, self._stale):
            return addresses
        raise Fault("upstream_dns")

    def _remembered(self, host: str, age: float) -> tuple[str, ...]:
        since, addresses = self._known.get(host, (0.0, ()))
        return addresses if addresses and self._now() - since < age else ()

    def _flight(self, host: str) -> asyncio.Future[None]:
        flight = self._flights.get(host)
        if flight is None:
            flight = self._flights[host] = asyncio.get_running_loop().create_future()
            self._queue.append(host)
            self._start()
        return flight

    def _start(self) -> None:
        while self._queue and self._free_threads:
            self._free_threads -= 1
            loop, host = asyncio.get_running_loop(), self._queue.popleft()
            threading.Thread(target=self._run, args=(loop, host), name=f"resolve {host}", daemon=True).start()

    def _run(self, loop: asyncio.AbstractEventLoop, host: str) -> None:
        try:
            addresses = tuple(self._look_up(host))
        except (OSError, UnicodeError):
            addresses = ()
        try:
            loop.call_soon_threadsafe(self._landed, host, addresses)
        except RuntimeError:
            pass  # the loop is closed: nobody waits any more

    def _landed(self, host: str, addresses: tuple[str, ...]) -> None:
        if addresses:
            self._known[host] = (self._now(), addresses)
            self._failed.pop(host, None)
        else:
            self._failed[host] = self._now()
        for memory in (self._known, self._failed):
            if len(memory) > self._most:
                del memory[next(iter(memory))]
        self._free_threads += 1
        flight = self._flights.pop(host)
        if not flight.done():
            flight.set_result(None)
        self._start()
