"""Hot: guarded by bench/micro/answer.py. How an answer is framed (RFC 9112 sections 6 and 9)."""

from __future__ import annotations

from engine.web import HOP_BY_HOP, Response
from engine.wire.head import RequestHead, write_status_line
from engine.wire.known import Written

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

# Framing is ours: a second length from elsewhere would let two readers see two different answers (I2).
_written = Written(HOP_BY_HOP | {b"content-length", b"date"}).__getitem__
_CLOSE = b"connection: close\r\n"
_KEEP = b"connection: keep-alive\r\n"
_CHUNKED = b"transfer-encoding: chunked\r\n"

# A Content-Length is forbidden in a 204 and would speak of another answer in a 304 (RFC 9110 section 8.6).
_BODILESS = frozenset({204, 304})


def has_body(status: int, asked: RequestHead | None) -> bool:
    """Whether body bytes follow the head: not after HEAD, 204 and 304 (RFC 9112 section 6.3)."""
    return status not in _BODILESS and (asked is None or asked.method != "HEAD")


def write_whole(response: Response, asked: RequestHead | None, keep: bool, date: bytes) -> bytes:
    """Head and body of a whole answer in one piece. `asked` is None when no request could be read; `date` is the Date line.

    Raises Fault("internal") when a header cannot be written."""
    status, body = response.status, response.body
    bodiless = status in _BODILESS
    length = b"" if bodiless else b"content-length: %d\r\n" % len(body)
    if bodiless or (asked is not None and asked.method == "HEAD"):
        body = b""
    hop = b"" if keep and asked is not None and asked.version != "1.0" else _hop(asked, keep)
    return b"".join((write_status_line(status), *map(_written, response.headers), length, date, hop, b"\r\n", body))


def write_stream_head(response: Response, asked: RequestHead, keep: bool, date: bytes) -> bytes:
    """The head of a streamed answer: chunked, or delimited by the end of the connection in HTTP/1.0."""
    framed = asked.version == "1.1" and response.status not in _BODILESS
    fields = map(_written, response.headers)
    framing = _CHUNKED if framed else b""
    return b"".join((write_status_line(response.status), *fields, framing, date, _hop(asked, keep), b"\r\n"))


def _hop(asked: RequestHead | None, keep: bool) -> bytes:
    # The version is the server's own, also towards HTTP/1.0 clients (RFC 9110 section 2.5).
    return _CLOSE if not keep else _KEEP if asked is not None and asked.version == "1.0" else b""
