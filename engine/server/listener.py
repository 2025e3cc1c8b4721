"""Accepts connections, knows how many there are, and lets them end well."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from engine.server.connection import Connection
from engine.server.door import LINGER_SECONDS, Door, Handler, Refuse, Report
from engine.server.gate import Gate
from engine.server.refusal import Shed
from engine.server.sockets import BACKLOG, is_loopback

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Sequence

    from engine.ports import Meter
    from engine.settings import Server

# How long no connection is accepted when there are no descriptors left, before looking again (seconds), and at what share.
_PAUSE = 0.1
_AGAIN = 0.9


class Listener:
    """Serves `handler` on listening sockets, within the limits and clocks of `settings`.

    `refuse` writes, and counts, the answer to what never became a request; `report` is told of exceptions that are nobody's
    answer. Connections dropped for want of descriptors are counted as "accepts_shed"."""

    def __init__(self, handler: Handler, refuse: Refuse, settings: Server, meter: Meter, report: Report) -> None:
        self._door = Door(handler, refuse, settings, meter, report)
        self._sockets: list[socket.socket] = []
        self._servers: list[asyncio.Server] = []
        self._context: ssl.SSLContext | None = None
        self._gate: Gate | None = None
        self._pause: asyncio.TimerHandle | None = None
        self._opening: asyncio.Task[None] | None = None

    @property
    def connections(self) -> int:
        """How many are open now."""
        return len(self._door.census)

    @property
    def addresses(self) -> list[str]:
        """Where it listens, as `host:port`."""
        names = [sock.getsockname()[:2] for sock in self._sockets]
        return [f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in names]

    async def start(self, sockets: Sequence[socket.socket], ssl_context: ssl.SSLContext | None = None) -> None:
        """Takes the sockets over: they are closed when it stops accepting."""
        self._loop = asyncio.get_running_loop()
        self._sockets = list(sockets)
        self._context = ssl_context
        self._gate = Gate(self._sockets[0].fileno())
        await self._open()

    def adopt(self, settings: Server) -> None:
        """After a reload: clocks from now on, limits from the next connection on. Addresses and TLS stay as they are."""
        self._door.limits = settings.limits
        self._door.timeouts = settings.timeouts

    def stop_accepting(self) -> None:
        """New connections go to the other workers, or are refused by the kernel."""
        self._close_servers()
        if self._pause is not None:
            self._pause.cancel()
        for sock in self._sockets:
            sock.close()
        self._sockets = []

    async def drain(self, seconds: float) -> int:
        """Ends idle connections at once and the others with their answers; returns how many are left after `seconds`."""
        door = self._door
        door.draining = True
        for guest in list(door.census):
            guest.retire()
        emptied = self._loop.create_future()
        door.emptied = lambda: None if emptied.done() else emptied.set_result(None)
        if door.census:
            await asyncio.wait([emptied], timeout=seconds)
        return len(door.census)

    def close_now(self) -> None:
        """Ends all connections: what is in flight is told so, and has one second to take it."""
        self._door.draining = True
        for guest in list(self._door.census):
            guest.close_now()

    async def _open(self) -> None:
        for sock in self._sockets:
            factory = partial(self._welcome, is_loopback(sock))
            # A duplicate, since a server closes its socket when it ends, and this one may be opened again.
            server = await self._listen(factory, sock.dup())
            self._servers.append(server)
            if not self._sockets:
                # Stopped meanwhile.
                server.close()
                return

    async def _listen(self, factory: partial[asyncio.Protocol], sock: socket.socket) -> asyncio.Server:
        if self._context is None:
            return await self._loop.create_server(factory, sock=sock, backlog=BACKLOG)
        return await self._loop.create_server(
            factory,
            sock=sock,
            backlog=BACKLOG,
            ssl=self._context,
            ssl_handshake_timeout=self._door.timeouts.head,
            ssl_shutdown_timeout=LINGER_SECONDS,
        )

    def _welcome(self, on_loopback: bool) -> asyncio.Protocol:
        if self._gate is not None and self._gate.shut():
            self._door.meter.count("accepts_shed")
            if self._pause is None:
                # Not at once: the loop is in the middle of accepting.
                self._pause = self._loop.call_later(0, self._stand_back)
            return Shed()
        return Connection(self._door, self._loop, on_loopback, self._context is not None)

    def _stand_back(self) -> None:
        """Leaves new connections in the kernel's queue, and makes room by closing the longest idle ones."""
        self._close_servers()
        for guest in list(self._door.census):
            if guest.idle:
                guest.retire()
        self._pause = self._loop.call_later(_PAUSE, self._look_again)

    def _look_again(self) -> None:
        if self._gate is not None and self._gate.shut(_AGAIN):
            self._stand_back()
            return
        self._pause = None
        self._opening = self._loop.create_task(self._open_again())

    async def _open_again(self) -> None:
        try:
            await self._open()
        except OSError:
            # A server needs a descriptor too.
            self._stand_back()

    def _close_servers(self) -> None:
        for server in self._servers:
            server.close()
        self._servers.clear()
