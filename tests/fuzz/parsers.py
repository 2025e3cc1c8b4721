"""How other parsers read bytes that we accept. h11 is always there; llhttp is where httptools is installed."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import h11

httptools: Any = None
with suppress(ImportError):
    httptools = import_module("httptools")

Pairs = list[tuple[bytes, bytes]]

_ABSOLUTE = re.compile(rb"[A-Za-z]+://[^/?#]*")


@dataclass
class Told:
    """One message as a parser tells it. `whole`: it has seen its end. `left`: how many bytes it has not used."""

    method: bytes = b""
    path: bytes = b""
    query: bytes = b""
    version: bytes = b""
    length: int = 0  # as its Content-Length says
    headers: Pairs = field(default_factory=list)  # without Content-Length
    body: bytes = b""
    whole: bool = False
    left: int = 0


def split_target(method: bytes, target: bytes) -> tuple[bytes, bytes]:
    """(path, query), the authority of an absolute-form target left out."""
    if not target.startswith((b"/", b"*")):
        target = _ABSOLUTE.sub(b"", target, count=1) or (b"*" if method == b"OPTIONS" else b"/")
    path, _, query = target.partition(b"?")
    return path or b"/", query


def by_h11(data: bytes) -> Told:
    """The first request in `data`. Raises h11.RemoteProtocolError."""
    peer = h11.Connection(h11.SERVER)
    peer.receive_data(data)
    request = peer.next_event()
    assert isinstance(request, h11.Request), f"h11 sees no head: {request!r}"
    path, query = split_target(request.method, request.target)
    told = Told(request.method, path, query, request.http_version)
    told.length, told.headers = parted(list(request.headers))
    while isinstance(event := peer.next_event(), h11.Data):
        told.body += event.data
    told.whole = isinstance(event, h11.EndOfMessage)
    told.left = len(peer.trailing_data[0]) if told.whole else 0
    return told


class _Listener:
    """What llhttp calls."""

    def __init__(self) -> None:
        self.told = Told()
        self.target = b""
        self.ended = 0

    def on_url(self, url: bytes) -> None:
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.told.version:
            self.told.headers.append((name.lower(), value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        self.told.version = b"there"

    def on_body(self, body: bytes) -> None:
        self.told.body += body

    def on_message_complete(self) -> None:
        self.ended += 1


def by_llhttp(data: bytes) -> Told | None:
    """As `by_h11`; None where llhttp is not installed, or where it has a rule of its own: an Upgrade ends its reading.
    Raises httptools.HttpParserError."""
    if httptools is None:
        return None
    listener = _Listener()
    parser: Any = httptools.HttpRequestParser(listener)
    try:
        parser.feed_data(data)
    except httptools.HttpParserUpgrade:
        return None
    told = listener.told
    assert listener.ended <= 1, "llhttp sees two requests"
    told.method, told.version, told.whole = parser.get_method(), parser.get_http_version().encode(), listener.ended == 1
    told.path, told.query = split_target(told.method, listener.target)
    told.length, told.headers = parted(told.headers)
    return told


def parted(pairs: Pairs) -> tuple[int, Pairs]:
    """(Content-Length, the other fields). The value of Transfer-Encoding has no case."""
    lengths = [int(value) for name, value in pairs if name == b"content-length"]
    assert len(lengths) < 2, "two lengths"
    others = [(name, value) for name, value in pairs if name != b"content-length"]
    return sum(lengths), [(name, value.lower() if name == b"transfer-encoding" else value) for name, value in others]
