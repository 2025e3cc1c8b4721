"""An upstream that follows a script, on 127.0.0.1 and a free port, in threads of its own.

Its journal, in monotonic seconds, is the oracle: how often was it called, with which bytes, when was it dropped, and how.

    with FakeUpstream([whole(b"{}")], [Stall()]) as upstream:    # the first request, then all others
        ... upstream.port ... upstream.requests ... upstream.times("eof")

Requests are numbered over all connections, in order of arrival; the last script serves for all that follow.
"""

from __future__ import annotations

import asyncio
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Send:
    """Writes `data`, as one write or in pieces of `piece` bytes, `pace` seconds apart."""

    data: bytes
    piece: int = 0
    pace: float = 0.0


@dataclass(frozen=True)
class Wait:
    """Does nothing for `seconds`, but sees when the other side leaves."""

    seconds: float


@dataclass(frozen=True)
class Stall:
    """Does nothing until the other side leaves."""


@dataclass(frozen=True)
class Close:
    """FIN."""


@dataclass(frozen=True)
class Reset:
    """RST."""


@dataclass(frozen=True)
class Early:
    """First in a script: it is played when the request's head is there, and the body is not read."""


Script = Sequence[Any]


@dataclass(frozen=True)
class Entry:
    at: float
    connection: int
    what: str  # accept, request, write, eof, rst, closed, failed
    data: bytes = b""


def answer(body: bytes, status: int = 200, *fields: bytes) -> bytes:
    """A whole answer with its Content-Length."""
    lines = [b"HTTP/1.1 %d X" % status, b"content-length: %d" % len(body), *fields]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def whole(body: bytes, status: int = 200, *fields: bytes) -> list[Any]:
    return [Send(answer(body, status, *fields))]


CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def events(payloads: Sequence[bytes], pace: float = 0.0) -> list[Any]:
    """Server-sent events, each its own chunk and write, ended in good order."""
    steps: list[Any] = [Send(CHUNKED_HEAD)]
    for payload in payloads:
        steps += [Wait(pace), Send(chunk(b"data: " + payload + b"\n\n"))]
    return [*steps, Send(b"0\r\n\r\n")]


class _Gone(Exception):
    """The other side left, or the upstream is being stopped."""


class FakeUpstream:
    def __init__(self, *scripts: Script, choose: Callable[[bytes], Script] | None = None, tls: ssl.SSLContext | None = None):
        """`choose(request)` picks a script by the request's bytes; else `scripts` are played in turn."""
        self.journal: list[Entry] = []
        self._scripts = scripts
        self._choose = choose
        self._tls = tls
        self._served = 0
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._stop_read, self._stop_write = socket.socketpair()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> FakeUpstream:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop_write.close()  # every select sees it
        for thread in self._threads:
            thread.join(5)
        self._listener.close()
        self._stop_read.close()

    # What the journal says.

    @property
    def requests(self) -> list[bytes]:
        return [entry.data for entry in self.journal if entry.what == "request"]

    def times(self, what: str) -> list[float]:
        return [entry.at for entry in self.journal if entry.what == what]

    def count(self, what: str) -> int:
        return len(self.times(what))

    async def saw(self, what: str, times: int = 1, within: float = 2.0) -> float:
        """Waits, on the running loop, until `what` has happened `times` times; returns when the last of them did."""
        until = time.monotonic() + within
        while self.count(what) < times:
            assert time.monotonic() < until, f"no {what}: {[entry.what for entry in self.journal]}"
            await asyncio.sleep(0.001)
        return self.times(what)[times - 1]

    # Its threads.

    def _note(self, connection: int, what: str, data: bytes = b"") -> None:
        self.journal.append(Entry(time.monotonic(), connection, what, data))

    def _accept(self) -> None:
        number = 0
        while True:
            ready, _, _ = select.select([self._listener, self._stop_read], [], [])
            if self._stop_read in ready:
                return
            sock, _ = self._listener.accept()
            self._note(number, "accept")
            thread = threading.Thread(target=self._serve, args=(sock, number), daemon=True)
            self._threads.append(thread)
            thread.start()
            number += 1

    def _serve(self, plain: socket.socket, number: int) -> None:
        sock = plain
        try:
            if self._tls is not None:
                plain.settimeout(5)
                sock = self._tls.wrap_socket(plain, server_side=True)
                sock.settimeout(None)
            _Served(self, sock, number).run()
        except _Gone:
            pass
        except ConnectionResetError:
            self._note(number, "rst")
        except OSError:
            self._note(number, "failed")
        finally:
            sock.close()
            plain.close()
            self._note(number, "closed")

    def _script_for(self, request: bytes) -> Script:
        with self._lock:
            index = min(self._served, len(self._scripts) - 1)
            self._served += 1
        return self._choose(request) if self._choose else self._scripts[index]

    def _is_early(self) -> bool:
        script = self._scripts[min(self._served, len(self._scripts) - 1)] if self._scripts else ()
        return bool(script) and isinstance(script[0], Early)


class _Served:
    """One accepted connection."""

    def __init__(self, upstream: FakeUpstream, sock: socket.socket, number: int) -> None:
        self.upstream = upstream
        self.sock = sock
        self.number = number
        self.read = b""

    def run(self) -> None:
        while True:
            request = self._request()
            self._note("request", request)
            for step in self.upstream._script_for(request):
                self._play(step)

    def _play(self, step: Any) -> None:
        match step:
            case Send(data, piece, pace):
                size = piece or len(data) or 1
                for start in range(0, len(data), size):
                    self._write(data[start : start + size])
                    self._watch(pace)
            case Wait(seconds):
                self._watch(seconds)
            case Stall():
                self._watch(None)
            case Close():
                raise _Gone
            case Reset():
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                raise _Gone

    def _note(self, what: str, data: bytes = b"") -> None:
        self.upstream._note(self.number, what, data)

    def _write(self, data: bytes) -> None:
        self.sock.sendall(data)
        self._note("write", data)

    def _watch(self, seconds: float | None) -> None:
        """Lets time pass; raises when the other side leaves meanwhile. What it sends is kept."""
        until = None if seconds is None else time.monotonic() + seconds
        while until is None or time.monotonic() < until:
            self._more(None if until is None else until - time.monotonic())

    def _more(self, seconds: float | None) -> None:
        if not (isinstance(self.sock, ssl.SSLSocket) and self.sock.pending()):
            allowed = None if seconds is None else max(0.0, seconds)
            ready, _, _ = select.select([self.sock, self.upstream._stop_read], [], [], allowed)
            if self.upstream._stop_read in ready:
                raise _Gone
            if not ready:
                return
        data = self.sock.recv(65536)
        if not data:
            self._note("eof")
            raise _Gone
        self.read += data

    def _request(self) -> bytes:
        while b"\r\n\r\n" not in self.read:
            self._more(None)
        head, _, _ = self.read.partition(b"\r\n\r\n")
        if self.upstream._is_early():
            request, self.read = head + b"\r\n\r\n", b""
            return request
        length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
        size = len(head) + 4 + length
        while len(self.read) < size:
            self._more(None)
        request, self.read = self.read[:size], self.read[size:]
        return request
