"""Hot: guarded by bench/micro/answer.py. How an answer is framed (RFC 9112 sections 6 and 9)."""

from __future__ import annotations

from engine.web import HOP_BY_HOP, Pair, Response
from engine.wire.head import RequestHead, write_response_head

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

# Framing is ours: a second length from elsewhere would let two readers see two different answers (I2).
_OURS = HOP_BY_HOP | {b"content-length", b"date"}
_CLOSE: Pair = (b"connection", b"close")
_KEEP: Pair = (b"connection", b"keep-alive")
_CHUNKED: Pair = (b"transfer-encoding", b"chunked")

# A Content-Length is forbidden in a 204 and would speak of another answer in a 304 (RFC 9110 section 8.6).
_BODILESS = frozenset({204, 304})


def has_body(status: int, asked: RequestHead | None) -> bool:
    """Whether body bytes follow the head: not after HEAD, 204 and 304 (RFC 9112 section 6.3)."""
    return status not in _BODILESS and (asked is None or asked.method != "HEAD")


def write_whole(response: Response, asked: RequestHead | None, keep: bool, date: Pair) -> bytes:
    """Head and body of a whole answer in one piece. `asked` is None when no request could be read.

    Raises Fault("internal") when a header cannot be written."""
    body = response.body
    length = None if response.status in _BODILESS else (b"content-length", b"%d" % len(body))
    head = _write_head(response, length, asked, keep, date)
    return head + body if body and has_body(response.status, asked) else head


def write_stream_head(response: Response, asked: RequestHead, keep: bool, date: Pair) -> bytes:
    """The head of a streamed answer: chunked, or delimited by the end of the connection in HTTP/1.0."""
    framed = asked.version == "1.1" and response.status not in _BODILESS
    return _write_head(response, _CHUNKED if framed else None, asked, keep, date)


def _write_head(response: Response, framing: Pair | None, asked: RequestHead | None, keep: bool, date: Pair) -> bytes:
    pairs = [pair for pair in response.headers if pair[0] not in _OURS]
    if framing is not None:
        pairs.append(framing)
    pairs.append(date)
    if not keep:
        pairs.append(_CLOSE)
    elif asked is not None and asked.version == "1.0":
        pairs.append(_KEEP)
    # The version is the server's own, also towards HTTP/1.0 clients (RFC 9110 section 2.5).
    return write_response_head(response.status, pairs, "1.1")
