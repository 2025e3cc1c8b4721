"""A mock provider that is faster than any gateway: `python -m bench.upstream PORT`. It answers in OpenAI's chat format.

It reads framing and a few words of the request, nothing else: "events=50 gap=20" in a request asks for 50 streamed events,
20 ms apart (0: as fast as may be, each its own write); "reply=8192" for a whole answer of that many bytes.
"""

from __future__ import annotations

import asyncio
import re
import sys
from functools import cache
from typing import cast

import uvloop

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_EVENTS = re.compile(rb"events=(\d+)")
_GAP = re.compile(rb"gap=(\d+)")
_REPLY = re.compile(rb"reply=(\d+)")

_EVENT = (
    b'data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1,"model":"gpt-4o",'
    b'"choices":[{"index":0,"delta":{"content":" hello"},"finish_reason":null}]}\n\n'
)
_CHUNK = b"%x\r\n%b\r\n" % (len(_EVENT), _EVENT)
_LAST = b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"
_STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


@cache
def whole(size: int) -> bytes:
    """A whole answer of about `size` bytes."""
    body = (
        b'{"id":"chatcmpl-bench","object":"chat.completion","created":1,"model":"gpt-4o","choices":[{"index":0,"message":'
        b'{"role":"assistant","content":"%b"},"finish_reason":"stop"}],'
        b'"usage":{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21}}'
    )
    body %= b"word " * max(1, (size - len(body)) // 5)
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


class Mock(asyncio.Protocol):
    """One connection: requests in turn, no pipelining."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.held = b""
        self.need = 0
        self.parts: list[bytes] = []
        self.left = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        # A large body arrives in many pieces; it is counted, not joined.
        if self.need:
            self.need -= len(data)
            if self.need <= 0:
                self.need = 0
                self._answer(b"".join(self.parts))
            return
        data = self.held + data if self.held else data
        end = data.find(b"\r\n\r\n")
        if end < 0:
            self.held = data
            return
        self.held = b""
        found = _LENGTH.search(data, 0, end + 2)
        missing = (int(found[1]) if found else 0) - (len(data) - end - 4)
        if missing > 0:
            self.need = missing
            self.parts = [data[:4096]]
            return
        self._answer(data)

    def _answer(self, request: bytes) -> None:
        self.parts = []
        if request.find(b'"stream":true') < 0:
            size = _REPLY.search(request)
            self.transport.write(whole(int(size[1]) if size else 600))
            return
        events, gap = _EVENTS.search(request), _GAP.search(request)
        self.left = int(events[1]) if events else 50
        self.gap = int(gap[1]) / 1000 if gap else 0.0
        self.transport.write(_STREAM_HEAD)
        self.due = self.loop.time()
        self.loop.call_soon(self._event)

    def event(self) -> bytes:
        return _CHUNK

    def _event(self) -> None:
        if self.transport.is_closing():
            return
        if not self.left:
            self.transport.write(_LAST)
            return
        self.left -= 1
        self.transport.write(self.event())
        if self.gap:
            self.due += self.gap
            self.loop.call_at(self.due, self._event)
        else:
            self.loop.call_soon(self._event)


async def serve(port: int, mock: type[Mock] = Mock) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: mock(loop), "127.0.0.1", port, backlog=4096)
    print(f"listening on http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    try:
        uvloop.run(serve(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
    except KeyboardInterrupt:
        pass
