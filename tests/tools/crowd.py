"""A provider for crowds: one loop, no threads per connection, and at every moment a count of what is under way.

What it does stands in the model's name: `OWNER-PLAY-MARK`, where PLAY is one of the methods of `Visit` below and MARK is
told back in every answer, so that a test sees whether an answer belongs to its question.

with in_thread() as crowd:
    ... crowd.port ... crowd.seen("up-hang-7").result() ... crowd.gone("up-hang-7").result()
"""

from __future__ import annotations

import asyncio
import re
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import cast

import uvloop

from tests.tools.fake_upstream import CHUNKED_HEAD, answer, chunk

PATIENCE = 10.0
_MODEL = re.compile(rb'"model": *"([^"]*)"')
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
JSON = b"content-type: application/json"
# Small, so that what does not move is held here and in the gateway, not in the kernel of the machine.
SEND_BUFFER = 16 * 1024
EVENT = 4 * 1024  # bytes, of a flood


def event(mark: str, says: str) -> bytes:
    """One event of a stream in OpenAI's format."""
    return b'data: {"id":"%b","model":"m","choices":[{"index":0,"delta":{"content":"%b"}}]}\n\n' % (
        mark.encode(),
        says.encode(),
    )


def ending(mark: str) -> bytes:
    return b'data: {"id":"%b","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n' % mark.encode() + (
        b"data: [DONE]\n\n"
    )


def reply(mark: str) -> bytes:
    """A whole answer."""
    return b'{"id":"%b","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"content":"%b"}}]}' % (
        (mark.encode(),) * 2
    )


class Crowd:
    """`asked` are the models in order of arrival; `held` the connections whose answer is not over; `open` all of them."""

    def __init__(self, large: int = 0) -> None:
        """`large`: bytes of a `flood`."""
        self.port = 0
        self.large = large
        self.poured = 0  # bytes of all floods so far
        self.asked: list[str] = []
        self.open: set[Visit] = set()
        self.held: set[Visit] = set()
        self._moments: dict[tuple[str, str], Future[float]] = {}
        self._lock = threading.Lock()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def seen(self, model: str) -> Future[float]:
        """When its request had arrived, in monotonic seconds."""
        return self._moment("seen", model)

    def gone(self, model: str) -> Future[float]:
        """When it heard that nobody wants the answer any more."""
        return self._moment("gone", model)

    def _moment(self, what: str, model: str) -> Future[float]:
        with self._lock:
            return self._moments.setdefault((what, model), Future())

    def note(self, what: str, model: str) -> None:
        moment = self._moment(what, model)
        if not moment.done():
            moment.set_result(time.monotonic())

    async def serve(self) -> asyncio.Server:
        """On the running loop."""
        loop = asyncio.get_running_loop()
        listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        # Connections inherit it.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        server = await loop.create_server(lambda: Visit(self), sock=listener)
        self.port = listener.getsockname()[1]
        return server


class Visit(asyncio.Protocol):
    """One connection: requests in turn."""

    def __init__(self, crowd: Crowd) -> None:
        self.crowd = crowd
        self.model = ""
        self._read = b""
        self._left = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.crowd.open.add(self)

    def data_received(self, data: bytes) -> None:
        self._read += data
        head, mark, body = self._read.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not mark or len(body) < (int(length[1]) if length else 0):
            return
        self._read = b""
        found = _MODEL.search(body)
        self.model = found[1].decode() if found else ""
        self.crowd.asked.append(self.model)
        self.crowd.held.add(self)
        self.crowd.note("seen", self.model)
        _, play, mark_ = self.model.split("-", 2)
        getattr(self, play)(mark_)

    def eof_received(self) -> None:
        self._go()

    def connection_lost(self, exc: Exception | None) -> None:
        self._go()
        self.crowd.open.discard(self)

    def resume_writing(self) -> None:
        self._pour()

    def _go(self) -> None:
        if self in self.crowd.held:
            self.crowd.held.discard(self)
            self.crowd.note("gone", self.model)

    def _over(self) -> None:
        self.crowd.held.discard(self)

    # What it can do.

    def whole(self, mark: str) -> None:
        self._over()
        self.transport.write(answer(reply(mark), 200, JSON))

    def hang(self, mark: str) -> None:
        """Says nothing."""

    def begin(self, mark: str) -> None:
        """Begins a stream, and says nothing more."""
        self.transport.write(CHUNKED_HEAD + chunk(event(mark, "begun")))

    def stream(self, mark: str) -> None:
        """A stream to its end, each event by itself."""
        loop = asyncio.get_running_loop()
        parts = [CHUNKED_HEAD, *(chunk(event(mark, str(n))) for n in range(3)), chunk(ending(mark)) + b"0\r\n\r\n"]

        def next_part() -> None:
            if not self.transport.is_closing():
                self.transport.write(parts.pop(0))
                if parts:
                    loop.call_later(0.0005, next_part)
                else:
                    self._over()

        next_part()

    def busy(self, mark: str) -> None:
        """Asks to be left alone for a while."""
        self._over()
        self.transport.write(answer(b'{"error":{"message":"no"}}', 503, JSON, b"retry-after: 5"))

    def lead(self, mark: str) -> None:
        """Streams to whoever asks first, and hangs for all others."""
        if self.crowd.asked.count(self.model) == 1:
            self.stream(mark)

    def once(self, mark: str) -> None:
        """Has too much to do the first time."""
        if self.crowd.asked.count(self.model) > 1:
            self.whole(mark)
            return
        self._over()
        self.transport.write(answer(b'{"error":{"message":"no"}}', 503, JSON, b"retry-after-ms: 1"))

    def flood(self, mark: str) -> None:
        """A stream of `crowd.large` bytes, as fast as it is taken."""
        self._left = self.crowd.large
        self.transport.set_write_buffer_limits(SEND_BUFFER)
        self.transport.write(CHUNKED_HEAD)
        self._pour()

    def _pour(self) -> None:
        piece = chunk(event("flood", "x" * EVENT)) * 8
        while self._left > 0 and not self.transport.is_closing():
            self._left -= len(piece)
            self.crowd.poured += len(piece)
            self.transport.write(piece)
            if self.transport.get_write_buffer_size() > SEND_BUFFER:
                return  # goes on in resume_writing


@contextmanager
def in_thread(large: int = 0) -> Iterator[Crowd]:
    """A crowd on a loop of its own."""
    crowd = Crowd(large)
    ready = threading.Event()
    stop: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def main() -> None:
        over = asyncio.Event()
        server = await crowd.serve()
        stop.append((asyncio.get_running_loop(), over))
        ready.set()
        await over.wait()
        server.close()
        for visit in list(crowd.open):
            visit.transport.abort()
        await asyncio.sleep(0)

    def work() -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(main())

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    assert ready.wait(PATIENCE)
    try:
        yield crowd
    finally:
        loop, over = stop[0]
        loop.call_soon_threadsafe(over.set)
        thread.join(PATIENCE)
