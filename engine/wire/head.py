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
from engine.wire.fields import CONTENT_LENGTH
from engine.wire.message import RequestHead, ResponseHead
from engine.wire.strict import strict_request_head
from engine.wire.strict_response import FIELD_LIMIT, HEAD_LIMIT, strict_response_head

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.settings import Limits

__all__ = [
    "RequestHead",
    "ResponseHead",
    "read_request_head",
    "read_response_head",
    "recognise_request",
    "recognise_response",
    "write_request_head",
    "write_response_head",
]

_REQUEST_LINE = re.compile(rb"(GET|POST|HEAD|PUT|PATCH|DELETE|OPTIONS) (/[!\"$->@-~]*)(?:\?([!\"$-~]*))? HTTP/1\.1(?=\r\n)")
_STATUS_LINE = re.compile(rb"HTTP/1\.1 ((?!101)[1-5][0-9]{2}) [ -~]*(?=\r\n)")
# Each match begins at one line end and stops before the next: as many matches as field lines means that all are valid.
_REQUEST_FIELDS = re.compile(rb"\r\n([A-Za-z0-9-]+): ?([^\x00-\x1f\x7f]*)(?=\r\n)")
_RESPONSE_FIELDS = re.compile(rb"\r\n([A-Za-z0-9_-]+): ?([^\x00-\x1f\x7f]*)(?=\r\n)")
_HOST = re.compile(rb"[A-Za-z0-9.-]+(?::[1-9][0-9]{0,3})?")  # a longer port is left to the strict profile

_CONNECTION = {None: True, b"keep-alive": True, b"Keep-Alive": True, b"close": False}

_METHOD = re.compile(r"[A-Z]+")
_TARGET = re.compile(r"/[!\"$-~]*|\*")
_NAMES = re.compile(rb"[a-z0-9-]*")
_VALUES = re.compile(rb"[\t -~\x80-\xff]*")
_REASONS = {int(status): status.phrase.encode() for status in HTTPStatus}


def read_request_head(head: bytes, limits: Limits) -> RequestHead:
    """Recognises `head`, or reads it by the strict profile. Raises what `strict_request_head` raises."""
    # A head as small as this cannot hold a line or a target that is over its limit.
    if len(head) <= limits.target and len(head) <= limits.line and len(head) <= limits.head:
        read = recognise_request(head)
        if read is not None and len(read.headers) <= limits.fields:
            return read
    return strict_request_head(head, limits)


def read_response_head(head: bytes) -> ResponseHead:
    """Recognises `head`, or reads it by the strict profile. Raises Fault("upstream_protocol")."""
    return recognise_response(head) or strict_response_head(head)


def recognise_request(head: bytes) -> RequestHead | None:
    """`head` up to and including its empty line; None when it is not of the common shape, valid or not. Limits apart,
    which the caller knows, what is recognised is valid."""
    line = _REQUEST_LINE.match(head)
    if line is None or not head.endswith(b"\r\n\r\n"):
        return None
    fields = _REQUEST_FIELDS.findall(head, line.end())
    if len(fields) != head.count(b"\r\n") - 2 or head.find(b" \r\n", line.end()) >= 0 or b":  " in head:
        return None
    pairs = [(name.lower(), value) for name, value in fields]
    first = dict(pairs)
    if len(first) != len(pairs) or b"upgrade" in first or b"expect" in first:
        return None
    return _request_of(line, pairs, first)


def _request_of(line: re.Match[bytes], pairs: list[Pair], first: dict[bytes, bytes]) -> RequestHead | None:
    keep_alive = _CONNECTION.get(first.get(b"connection"))
    if keep_alive is None or not _HOST.fullmatch(first.get(b"host", b"")):
        return None
    length, coding = first.get(b"content-length"), first.get(b"transfer-encoding")
    if coding is not None and (coding != b"chunked" or length is not None):
        return None
    if length is not None and not CONTENT_LENGTH.fullmatch(length):
        return None
    method, path, query = line.groups(b"")
    return RequestHead(
        method.decode(),
        path.decode(),
        query.decode(),
        "1.1",
        Headers(pairs),
        int(length or 0),
        coding is not None,
        keep_alive,
        False,
    )


def recognise_response(head: bytes) -> ResponseHead | None:
    """As `recognise_request`, for a response; its limits (64 KiB, 128 fields) are looked at."""
    line = _STATUS_LINE.match(head)
    if line is None or not head.endswith(b"\r\n\r\n") or len(head) > HEAD_LIMIT:
        return None
    fields = _RESPONSE_FIELDS.findall(head, line.end())
    if len(fields) != head.count(b"\r\n") - 2 or head.find(b" \r\n", line.end()) >= 0 or b":  " in head:
        return None
    pairs = [(name.lower(), value) for name, value in fields]
    first = dict(pairs)
    if len(pairs) > FIELD_LIMIT:
        return None
    # Cookies come in several fields; what frames the answer may not.
    if len(first) != len(pairs) and _repeats_framing([name for name, _ in pairs]):
        return None
    keep_alive = _CONNECTION.get(first.get(b"connection"))
    length, coding = first.get(b"content-length"), first.get(b"transfer-encoding")
    if keep_alive is None or (coding is not None and (coding != b"chunked" or length is not None)):
        return None
    if length is not None and not CONTENT_LENGTH.fullmatch(length):
        return None
    return ResponseHead(int(line[1]), "1.1", Headers(pairs), keep_alive)


def _repeats_framing(names: list[bytes]) -> bool:
    return any(names.count(name) > 1 for name in (b"content-length", b"transfer-encoding", b"connection"))


def write_request_head(method: str, target: str, pairs: Iterable[Pair]) -> bytes:
    """Serialises a request head from its fields, nothing copied (I2); names are lower-case and the framing fields are the
    caller's. Raises Fault("internal") for a byte that has no place in a head."""
    if not _METHOD.fullmatch(method) or not _TARGET.fullmatch(target):
        raise Fault("internal")
    return b"%b %b HTTP/1.1\r\n%b" % (method.encode(), target.encode(), _write_fields(pairs))


def write_response_head(status: int, pairs: Iterable[Pair], version: str = "1.1") -> bytes:
    """As `write_request_head`, for a response. `version` goes into the status line: "1.1", to an HTTP/1.0 client too
    (RFC 9110 section 6.2), unless the caller knows better."""
    if version not in ("1.1", "1.0") or not 100 <= status <= 599:
        raise Fault("internal")
    return b"HTTP/%b %d %b\r\n%b" % (version.encode(), status, _REASONS.get(status, b""), _write_fields(pairs))


def _write_fields(pairs: Iterable[Pair]) -> bytes:
    pairs = list(pairs)
    names = [name for name, _ in pairs]
    if b"" in names or not _NAMES.fullmatch(b"".join(names)):
        raise Fault("internal")
    if not _VALUES.fullmatch(b"".join([value for _, value in pairs])):
        raise Fault("internal")
    return b"".join([b"%b: %b\r\n" % pair for pair in pairs]) + b"\r\n"
