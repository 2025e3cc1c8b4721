"""A provider that records what it is sent and answers in OpenAI's chat format: standard library only, in a thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWER = (
    b'{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"gpt-4o", "choices":[{"index":0,"message":'
    b'{"role":"assistant","content":"recorded"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,'
    b'"completion_tokens":1,"total_tokens":2}}'
)
_CHUNK = b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-4o","choices":[%s]}\n\n'
STREAM = (
    _CHUNK % b'{"index":0,"delta":{"role":"assistant","content":"reco"},"finish_reason":null}'
    + _CHUNK % b'{"index":0,"delta":{"content":"rded"},"finish_reason":null}'
    + _CHUNK % b'{"index":0,"delta":{},"finish_reason":"stop"}'
    + b"data: [DONE]\n\n"
)


@dataclass
class Seen:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Recorder:
    url: str
    seen: list[Seen] = field(default_factory=list)
    answer: bytes = ANSWER
    stream: bytes = STREAM


@contextmanager
def recorder() -> Iterator[Recorder]:
    """A recording provider on a free loopback port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {k.lower(): v for k, v in self.headers.items()}
            book.seen.append(Seen(self.command, self.path, headers, body))
            streamed = b'"stream":true' in body or b'"stream": true' in body
            self.send_response(200)
            self.send_header("content-type", "text/event-stream" if streamed else "application/json")
            if not streamed:
                self.send_header("content-length", str(len(ANSWER)))
                self.end_headers()
                self.wfile.write(ANSWER)
                return
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            for event in STREAM.split(b"\n\n")[:-1]:
                self.wfile.write(b"%x\r\n%s\n\n\r\n" % (len(event) + 2, event))
            self.wfile.write(b"0\r\n\r\n")

        def log_message(self, format: str, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    book = Recorder(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield book
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
