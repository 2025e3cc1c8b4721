"""A client that sends exactly the bytes it is told to, cut where it is told to, and reads what comes back."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

# Wide, so that a loaded machine does not fail a test; reached only when something is broken.
PATIENCE = 10.0


@dataclass
class Answer:
    """One response as it came. `interim` are the heads of 1xx responses before it; `framing` is how its body ended."""

    status: int
    headers: dict[str, str]
    body: bytes
    framing: str  # "none", "length", "chunked" or "close"
    interim: list[int] = field(default_factory=list)


class Raw:
    """One connection. All reading is within PATIENCE."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.held = bytearray()

    @classmethod
    async def open(cls, address: tuple[str, int], receive_buffer: int = 0) -> Raw:
        """`receive_buffer` in bytes makes a client that takes little at a time."""
        sock = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        try:
            await asyncio.wait_for(asyncio.get_running_loop().sock_connect(sock, address), PATIENCE)
        except BaseException:
            sock.close()
            raise
        return cls(sock)

    async def send(self, data: bytes, cuts: Iterable[int] = ()) -> None:
        """Sends `data` in pieces that end at `cuts`, with loop turns between, so that each is read by itself."""
        loop = asyncio.get_running_loop()
        for piece in cut(data, cuts):
            await loop.sock_sendall(self.sock, piece)
            await turns()

    async def read(self) -> bytes:
        """What has come since the last time, at least one byte; b"" at the end."""
        if self.held:
            data, self.held = bytes(self.held), bytearray()
            return data
        return await asyncio.wait_for(asyncio.get_running_loop().sock_recv(self.sock, 65536), PATIENCE)

    async def read_to_end(self) -> bytes:
        """All until FIN. A reset raises ConnectionResetError."""
        pieces = []
        while piece := await self.read():
            pieces.append(piece)
        return b"".join(pieces)

    async def answers(self, *methods: str) -> list[Answer]:
        return [await self.answer(method) for method in methods]

    async def answer(self, method: str = "GET") -> Answer:
        """The next response, to a request with `method`."""
        interim = []
        while True:
            status, headers = await self._head()
            if status >= 200:
                break
            interim.append(status)
        body, framing = b"", "none"
        if method == "HEAD" or status in (204, 304):
            pass
        elif headers.get("transfer-encoding") == "chunked":
            body, framing = await self._chunks(), "chunked"
        elif "content-length" in headers:
            body, framing = await self._exactly(int(headers["content-length"])), "length"
        else:
            body, framing = await self.read_to_end(), "close"
        return Answer(status, headers, body, framing, interim)

    def finish(self) -> None:
        """Half-close: FIN, but goes on reading."""
        self.sock.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def close(self) -> None:
        self.sock.close()

    async def __aenter__(self) -> Raw:
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.close()

    async def _head(self) -> tuple[int, dict[str, str]]:
        lines = (await self._until(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        version, status, *_ = lines[0].split(" ")
        assert version == "HTTP/1.1", lines[0]
        pairs = [line.split(": ", 1) for line in lines[1:] if line]
        headers = {name.lower(): value for name, value in pairs}
        assert len(headers) == len(pairs), f"a field twice: {lines}"
        return int(status), headers

    async def _chunks(self) -> bytes:
        pieces = []
        while size := int((await self._until(b"\r\n"))[:-2], 16):
            pieces.append((await self._exactly(size + 2))[:-2])
        await self._exactly(2)
        return b"".join(pieces)

    async def _until(self, mark: bytes) -> bytes:
        while mark not in self.held:
            await self._more()
        return self._take(self.held.index(mark) + len(mark))

    async def _exactly(self, size: int) -> bytes:
        while len(self.held) < size:
            await self._more()
        return self._take(size)

    async def _more(self) -> None:
        data = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(self.sock, 65536), PATIENCE)
        assert data, f"the connection ended within a response, after {bytes(self.held)!r}"
        self.held += data

    def _take(self, size: int) -> bytes:
        taken = bytes(self.held[:size])
        del self.held[:size]
        return taken


def cut(data: bytes, cuts: Iterable[int]) -> Iterator[bytes]:
    """`data` in pieces that end at the given places."""
    at = 0
    for place in [*sorted(place for place in cuts if 0 < place < len(data)), len(data)]:
        if place > at:
            yield data[at:place]
        at = place


def random_cuts(data: bytes, seed: int, most: int = 8) -> list[int]:
    dice = random.Random(seed)
    return [dice.randrange(len(data)) for _ in range(dice.randrange(1, most))]


async def turns(count: int = 3) -> None:
    """Lets the loop look at its sockets `count` times."""
    for _ in range(count):
        await asyncio.sleep(0)


async def until(condition: object, patience: float = PATIENCE) -> None:
    """Returns as soon as `condition()` is true."""
    async with asyncio.timeout(patience):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.0005)
