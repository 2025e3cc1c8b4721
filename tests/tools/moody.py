"""A provider for many at once: one loop in a thread, a journal of what it has acted on, and a mood that a test sets."""

from __future__ import annotations

import asyncio
import random
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import uvloop

from tests.tools.fake_upstream import answer
from tests.tools.recorder import ANSWER

_JSON = b"content-type: application/json"
_NAME = re.compile(rb'"content": *"([^"]*)"')
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
GOOD = answer(ANSWER, 200, _JSON)


class Moody:
    """`answer` is what everybody gets now; `acted` what was read, by what its first message says, and when. With `fickle`
    seconds every connection is closed at a random moment within them after each answer, whatever is on its way."""

    def __init__(self, fickle: float = 0.0) -> None:
        self.answer = GOOD
        self.acted: list[tuple[float, str]] = []
        self.closed = 0
        self.fickle = fickle
        self.dice = random.Random(21)
        self.port = 0

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def serve(self, ready: threading.Event, stop: asyncio.Event) -> None:
        listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
        self.port = listener.getsockname()[1]
        server = await asyncio.get_running_loop().create_server(lambda: _Visit(self), sock=listener)
        ready.set()
        await stop.wait()
        server.close()


class _Visit(asyncio.Protocol):
    def __init__(self, moody: Moody) -> None:
        self.moody = moody
        self.read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.read += data
        head, mark, body = self.read.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not mark or len(body) < (int(length[1]) if length else 0):
            return
        self.read = b""
        moody, name = self.moody, _NAME.search(body)
        moody.acted.append((time.monotonic(), name[1].decode() if name else ""))
        self.transport.write(moody.answer)
        if moody.fickle:
            asyncio.get_running_loop().call_later(moody.dice.random() * moody.fickle, self.close)

    def close(self) -> None:
        if not self.transport.is_closing():
            self.moody.closed += 1
            self.transport.close()


@contextmanager
def in_thread(moody: Moody) -> Iterator[Moody]:
    loop, ready, stop = uvloop.new_event_loop(), threading.Event(), asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(moody.serve(ready, stop)), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield moody
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
