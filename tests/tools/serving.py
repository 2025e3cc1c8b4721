"""A listener on loopback with a handler of the test's own, and the sources and pipes that such handlers answer with."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from engine.faults import Fault
from engine.server.listener import Listener
from engine.server.sockets import bind_sockets
from engine.settings import Limits, Server, Timeouts
from engine.web import Request, Response, Streamed
from tests.tools.raw import Raw
from tests.tools.services import RememberingMeter

Handler = Callable[[Request, Any], Awaitable[None]]

# Shorter than any test's patience, longer than anything that is not meant to strike.
TIMEOUTS = {"head": 5.0, "body": 5.0, "idle": 5.0, "write": 5.0, "shutdown": 5.0}


class Served:
    """What a test sees of its listener. `reported` are the exceptions that were reported."""

    def __init__(self, handler: Handler, limits: dict[str, int], timeouts: dict[str, float]) -> None:
        self.meter = RememberingMeter()
        self.reported: list[BaseException] = []
        self.refused: list[tuple[str, str]] = []
        settings = Server(limits=Limits(**limits), timeouts=Timeouts(**{**TIMEOUTS, **timeouts}))
        self.listener = Listener(handler, self._refuse, settings, self.meter, self.reported.append)
        self.address = ("127.0.0.1", 0)
        self.send_buffer = 0

    async def start(self, context: ssl.SSLContext | None = None, send_buffer: int = 0) -> None:
        sockets = bind_sockets("127.0.0.1:0")
        for sock in sockets:
            if send_buffer:
                # Connections inherit it, so that little is held by the kernel.
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        self.address = sockets[0].getsockname()
        await self.listener.start(sockets, context)

    async def connect(self, receive_buffer: int = 0) -> Raw:
        return await Raw.open(self.address, receive_buffer)

    async def stop(self) -> None:
        self.listener.stop_accepting()
        self.listener.close_now()
        assert await self.listener.drain(5.0) == 0

    def _refuse(self, fault: Fault, path: str) -> Response:
        self.refused.append((fault.code, path))
        return Response(fault.status, [(b"content-type", b"text/plain")], fault.code.encode())


@asynccontextmanager
async def serving(
    handler: Handler,
    *,
    limits: dict[str, int] | None = None,
    context: ssl.SSLContext | None = None,
    send_buffer: int = 0,
    reports: int = 0,
    **timeouts: float,
) -> AsyncIterator[Served]:
    """At the end nothing is open, and `reports` exceptions were reported."""
    served = Served(handler, limits or {}, timeouts)
    await served.start(context, send_buffer)
    try:
        yield served
    finally:
        await served.stop()
    assert len(served.reported) == reports, served.reported


class Tap:
    """A ports.Source that the test turns by hand."""

    def __init__(self) -> None:
        self.write: Callable[[bytes], None] | None = None
        self.calls: list[str] = []
        self.cancelled = False
        self._over: asyncio.Future[None] | None = None

    async def pour(self, write: Callable[[bytes], None]) -> None:
        self.write = write
        self._over = asyncio.get_running_loop().create_future()
        try:
            await self._over
        except asyncio.CancelledError:
            self.cancelled = True
            raise

    def pause(self) -> None:
        self.calls.append("pause")

    def resume(self) -> None:
        self.calls.append("resume")

    def close(self) -> None:
        self.calls.append("close")

    @property
    def paused(self) -> bool:
        held = [call for call in self.calls if call != "close"]
        return bool(held) and held[-1] == "pause"

    def push(self, data: bytes) -> None:
        assert self.write is not None
        self.write(data)

    def end(self, fault: Fault | None = None) -> None:
        assert self._over is not None
        if fault is None:
            self._over.set_result(None)
        else:
            self._over.set_exception(fault)


class Plain:
    """A ports.Pipe that passes bytes on. `words` is what it says of a fault; `ends` False lacks its terminal event."""

    def __init__(self, words: bytes = b"!", ends: bool = True) -> None:
        self.words = words
        self.ends = ends

    def feed(self, chunk: bytes) -> bytes:
        return chunk

    def finish(self) -> bytes:
        if not self.ends:
            raise Fault("upstream_truncated")
        return b""

    def fail(self, fault: Fault) -> bytes:
        return self.words and self.words + fault.code.encode()


def streamed(source: Tap, pipe: Any = None, status: int = 200) -> Response:
    return Response(status, [(b"content-type", b"text/event-stream")], stream=Streamed(source, pipe or Plain()))


def get(path: str = "/", *fields: str, method: str = "GET", version: str = "1.1") -> bytes:
    """A request without a body."""
    lines = [f"{method} {path} HTTP/{version}", "host: x", *fields]
    return "\r\n".join([*lines, "", ""]).encode()


def post(body: bytes, path: str = "/", *fields: str) -> bytes:
    return get(path, f"content-length: {len(body)}", *fields, method="POST") + body


def chunked(*pieces: bytes, path: str = "/") -> bytes:
    body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (*pieces, b""))
    return get(path, "transfer-encoding: chunked", method="POST") + body


async def echo(request: Request, client: Any) -> None:
    """Answers with the method, the path and the body."""
    body = request.body if request.incoming is None else await request.incoming.read()
    client.send(Response(200, [], b" ".join((request.method.encode(), request.path.encode(), body or b""))))
