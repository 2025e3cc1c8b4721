"""Hot: guarded by bench/micro/head.py. Heads of requests and responses: read and written.

A recogniser knows one thing: the shape that SDKs and providers send every day. It takes a few steps at C speed, accepts only
what the strict profile accepts, with the same result (shown by tests/wire/test_head.py), and leaves all else to it.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from engine.faults import Fault
from engine.web import Headers, Pair
from engine.wire.known import REQUEST_LINE, RESPONSE_LINE, FirstLines, Lines, StatusLines, Uncommon, Written
from engine.wire.message import RequestHead, ResponseHead
from engine.wire.strict import strict_request_head
from engine.wire.strict_response import FIELD_LIMIT, HEAD_LIMIT, strict_response_head

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.settings import Limits

__all__ = [
    "RequestHead",
    "ResponseHead",
    "fields_in",
    "read_request_head",
    "read_response_head",
    "recognise_request",
    "recognise_response",
    "write_fields",
    "write_request_head",
    "write_response_head",
    "write_status_line",
]

# Looked up at C speed; what is not remembered is judged by `__missing__`.
_first_line = FirstLines().__getitem__
_status_line = StatusLines().__getitem__
_request_line = Lines(REQUEST_LINE).__getitem__
_response_line = Lines(RESPONSE_LINE).__getitem__
_written = Written().__getitem__

_METHOD = re.compile(r"[A-Z]+")
_TARGET = re.compile(r"/[!\"$-~]*|\*")
_REASONS = {int(status): status.phrase.encode() for status in HTTPStatus}


def read_request_head(head: bytes, limits: Limits) -> RequestHead:
    """Recognises `head`, or reads it by the strict profile. Raises what `strict_request_head` raises."""
    # A head as small as this cannot hold a line or a target that is over its limit.
    if len(head) <= limits.target and len(head) <= limits.line and len(head) <= limits.head:
        read = recognise_request(head)
        if read is not None and fields_in(head) <= limits.fields:
            return read
    return strict_request_head(head, limits)


def fields_in(head: bytes) -> int:
    """How many fields a head has, given that it is valid."""
    return head.count(b"\n") - 2


def read_response_head(head: bytes) -> ResponseHead:
    """Recognises `head`, or reads it by the strict profile. Raises Fault("upstream_protocol")."""
    return recognise_response(head) or strict_response_head(head)


def recognise_request(head: bytes) -> RequestHead | None:
    """`head` up to and including its empty line; None when it is not of the common shape, valid or not. Limits apart,
    which the caller knows, what is recognised is valid."""
    lines = head.split(b"\r\n")
    if lines[-1] or len(lines) < 3 or lines[-2]:
        return None
    try:
        method, path, query = _first_line(lines[0])
        pairs = list(map(_request_line, lines[1:-2]))
    except Uncommon:
        return None
    first = dict(pairs)
    if len(first) != len(pairs) or b"host" not in first:
        return None
    names = list(first)
    length, chunked = first.pop(b"content-length", None), b"transfer-encoding" in first
    if length is not None:
        if chunked:
            return None
        del pairs[names.index(b"content-length")]
    told = RequestHead(method, path, query, Headers(pairs, first))
    told.length, told.chunked = int(length or 0), chunked
    told.keep_alive = first.get(b"connection") != b"close"
    return told


def recognise_response(head: bytes) -> ResponseHead | None:
    """As `recognise_request`, for a response; its limits (64 KiB, 128 fields) are looked at."""
    lines = head.split(b"\r\n")
    if len(lines) < 3 or lines[-1] or lines[-2] or len(head) > HEAD_LIMIT:
        return None
    try:
        status = _status_line(lines[0])
        pairs = list(map(_response_line, lines[1:-2]))
    except Uncommon:
        return None
    if len(pairs) > FIELD_LIMIT:
        return None
    first = dict(pairs)
    keep_alive = first.get(b"connection") != b"close"
    if b"transfer-encoding" in first and b"content-length" in first:
        return None
    if len(first) != len(pairs):
        # Cookies come in several fields; what frames the answer may not.
        if _repeats_framing([name for name, _ in pairs]):
            return None
        first = dict(reversed(pairs))
    return ResponseHead(status, "1.1", Headers(pairs, first), keep_alive)


def _repeats_framing(names: list[bytes]) -> bool:
    count = names.count
    return count(b"content-length") > 1 or count(b"transfer-encoding") > 1 or count(b"connection") > 1


def write_request_head(method: str, target: str, pairs: Iterable[Pair]) -> bytes:
    """Serialises a request head from its fields, nothing copied (I2); names are lower-case and the framing fields are the
    caller's. Raises Fault("internal") for a byte that has no place in a head."""
    if not _METHOD.fullmatch(method) or not _TARGET.fullmatch(target):
        raise Fault("internal")
    return b"%b %b HTTP/1.1\r\n%b\r\n" % (method.encode(), target.encode(), write_fields(pairs))


def write_response_head(status: int, pairs: Iterable[Pair], version: str = "1.1") -> bytes:
    """As `write_request_head`, for a response. `version` goes into the status line: "1.1", to an HTTP/1.0 client too
    (RFC 9110 section 6.2), unless the caller knows better."""
    if version not in ("1.1", "1.0") or not 100 <= status <= 599:
        raise Fault("internal")
    return b"HTTP/%b %d %b\r\n%b\r\n" % (version.encode(), status, _REASONS.get(status, b""), write_fields(pairs))


class _StatusLines(dict[int, bytes]):
    __slots__ = ()

    def __missing__(self, status: int) -> bytes:
        if not 100 <= status <= 599:
            raise Fault("internal")
        line = self[status] = b"HTTP/1.1 %d %b\r\n" % (status, _REASONS.get(status, b""))
        return line


# The first line of a response, with its CRLF. Raises Fault("internal") for what is no status.
write_status_line = _StatusLines().__getitem__


def write_fields(pairs: Iterable[Pair]) -> bytes:
    """Field lines, each with its CRLF. Raises Fault("internal") for a byte that has no place in one (I2)."""
    return b"".join(map(_written, pairs))
