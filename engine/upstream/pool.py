"""Connections to one provider: reused, bounded, and never shared (reliability.md, I7, I8, F-21).

At most `provider.connections` requests are under way, and idle connections count against the same bound: a new one is made only
when none lies idle. The one that was used last is used next, so that those not needed grow old and are dropped.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from engine.faults import Fault
from engine.upstream.connection import Connection
from engine.upstream.dial import dial
from engine.upstream.permits import Permits
from engine.upstream.request import RequestWriter
from engine.upstream.resolve import Resolver

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from engine.ports import Outgoing, Patience
    from engine.program import Provider
    from engine.upstream.reply import PooledReply


def _uncounted(name: str) -> None: ...


class PoolTransport:
    """Implements `ports.Transport` for one provider over HTTP/1.1.

    `idle`: seconds after which an unused connection is closed; below the provider's own limit, so that we close first.
    `repeat`: a request that met a connection which the provider had closed while it lay idle is sent once more, on a fresh
    one (F-21c). That is done only when an end of file came within a second of the request, before any byte of an answer, and
    without acknowledging any byte of the request: the provider cannot have read it. RFC 9110 section 9.2.2 leaves this to
    the one who knows that the request was not acted on. Else, and with `repeat=False`, the caller sees `upstream_reset`, told
    apart as `stale` when it came like that.
    `count` hears `upstream_desync` for every connection dropped over bytes that nobody had asked for (F-22).
    """

    def __init__(
        self,
        provider: Provider,
        resolver: Resolver | None = None,
        *,
        context: ssl.SSLContext | None = None,
        idle: float = 20.0,
        repeat: bool = True,
        count: Callable[[str], None] = _uncounted,
    ) -> None:
        self._origin = provider.origin
        self._bound = provider.connections
        self._wait = provider.wait
        self.takes_gzip = provider.gunzip
        self._resolver = resolver or Resolver()
        self._context = context
        self._keep = idle
        self._repeat = repeat
        self._count = count
        self._writer = RequestWriter(provider.origin)
        self._permits = Permits(provider.connections)
        self._idle: dict[Connection, None] = {}  # a stack from whose middle one can leave
        self._closed = False
        # Asking asyncio for it costs a system call (CPython 3.11 looks at the process id), so it is asked once.
        self._loop: asyncio.AbstractEventLoop | None = None

    async def send(self, outgoing: Outgoing, patience: Patience) -> PooledReply:
        writes = self._writer.write(outgoing)
        connection = self._take_idle(patience) or await self._take(patience)
        reply = connection.ask(outgoing.method, writes, patience)
        try:
            await reply.came  # as in `reply.head()`, without a coroutine more
        except BaseException:
            reply.close()
            raise
        if reply.status:
            return reply
        try:
            return await reply.head()
        except Fault as fault:
            if not self._repeat or not connection.was_closed_idle(fault):
                fault.stale = connection.met_a_close(fault)
                raise
        connection = await self._take(patience, fresh=True)
        return await connection.ask(outgoing.method, writes, patience).head()

    async def close(self) -> None:
        self._closed = True
        for connection in list(self._idle):
            connection.abort()
        self._idle.clear()

    def _take_idle(self, patience: Patience) -> Connection | None:
        """As `_take`, where nothing has to be waited for."""
        loop, permits = self._loop, self._permits
        if not self._idle or loop is None or patience.until <= loop.time() or permits.out >= self._bound:
            return None
        connection, _ = self._idle.popitem()
        if not connection.is_usable():
            connection.abort()
            return None
        permits.out += 1
        return connection

    async def _take(self, patience: Patience, fresh: bool = False) -> Connection:
        """A connection that is ours until it says `free`."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        left = patience.until - self._loop.time()
        if left <= 0:
            raise Fault("upstream_timeout")
        if not self._permits.try_take() and not await self._permits.take(min(self._wait, left)):
            raise Fault("upstream_pool_timeout")
        connection = None if fresh else self._last_used()
        if connection is not None:
            return connection
        try:
            return await self._dial(patience)
        except BaseException:
            self._permits.give_back()
            raise

    def _last_used(self) -> Connection | None:
        while self._idle:
            connection, _ = self._idle.popitem()
            if connection.is_usable():
                return connection
            connection.abort()
        return None

    async def _dial(self, patience: Patience) -> Connection:
        while self._idle and len(self._idle) + self._permits.out > self._bound:
            oldest = next(iter(self._idle))
            del self._idle[oldest]
            oldest.abort()
        loop = asyncio.get_running_loop()
        seconds = min(patience.connect, patience.until - loop.time())
        return await dial(self._origin, lambda: Connection(loop, self, self._keep), self._resolver, seconds, self._context)

    # What connections say.

    def free(self, connection: Connection, reusable: bool) -> None:
        if reusable and not self._closed:
            self._idle[connection] = None
        elif reusable:
            connection.abort()
        self._permits.give_back()

    def gone(self, connection: Connection, desync: bool) -> None:
        self._idle.pop(connection, None)
        if desync:
            self._count("upstream_desync")
