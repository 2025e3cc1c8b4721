"""What is valid of a provider's answer: the same rules for lines and framing, in front of h11 (F-08, F-09).

An invalid answer is never mended: its connection cannot be trusted to keep answers and requests apart.
"""

from __future__ import annotations

import re
from typing import NoReturn

import h11

from engine.faults import Fault
from engine.web import Headers
from engine.wire.fields import CONTENT_LENGTH, listed, read_response_field
from engine.wire.message import ResponseHead
from engine.wire.scan import Buffer, HeadScan

HEAD_LIMIT = 64 * 1024  # bytes
FIELD_LIMIT = 128

_FRAMING = (b"content-length", b"transfer-encoding")
# A 101 is refused: nobody asked to switch protocols (F-19). Many servers leave the reason phrase out, and the space before it.
_STATUS_LINE = re.compile(rb"HTTP/(1\.[01]) ((?!101)[1-5][0-9]{2})(?: [\t -~\x80-\xff]*)?")
_OPENING = b"HTTP/1."


class ResponseScan(HeadScan):
    """Refuses at once: what does not begin with a status line, a line end that is not CRLF, a head over 64 KiB."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(HEAD_LIMIT, HEAD_LIMIT)

    def check_opening(self, buffer: Buffer, seen: int) -> None:
        if not _OPENING.startswith(bytes(buffer[: min(seen, len(_OPENING))])):
            raise Fault("upstream_protocol", "not an HTTP/1.x answer")

    def check_first_line(self, line: bytes) -> None:
        _read_status_line(line)

    def refuse_size(self) -> NoReturn:
        raise Fault("upstream_protocol", "the head is too large")

    def refuse_line_end(self) -> NoReturn:
        raise Fault("upstream_protocol", "a line does not end with CRLF")


def strict_response_head(head: bytes) -> ResponseHead:
    """Reads `head`: all bytes up to and including the empty line. Raises Fault("upstream_protocol")."""
    if ResponseScan().find_end(head) != len(head):
        raise Fault("upstream_protocol", "the head does not end with its empty line")
    status_line, *lines = head[:-4].split(b"\r\n")
    version, status = _read_status_line(status_line)
    headers = _read_fields(lines)
    _check_framing(headers, version)
    _parse_with_h11(head, version, status, headers)
    keep_alive = version == b"1.1" and b"close" not in listed(headers.all(b"connection"))
    return ResponseHead(status, version.decode(), headers, keep_alive)


def _read_status_line(line: bytes) -> tuple[bytes, int]:
    match = _STATUS_LINE.fullmatch(line)
    if not match:
        raise Fault("upstream_protocol", "the status line is malformed")
    return match[1], int(match[2])


def _read_fields(lines: list[bytes]) -> Headers:
    if len(lines) > FIELD_LIMIT:
        raise Fault("upstream_protocol", "too many header fields")
    pairs = []
    for line in lines:
        pair = read_response_field(line)
        if pair is None:
            raise Fault("upstream_protocol", "a header field is malformed")
        # The one value whose case h11 does not keep.
        pairs.append((pair[0], pair[1].lower()) if pair[0] == b"transfer-encoding" else pair)
    return Headers(pairs)


def _check_framing(headers: Headers, version: bytes) -> None:
    lengths, codings = headers.all(b"content-length"), headers.all(b"transfer-encoding")
    if len(lengths) + len(codings) > 1:
        raise Fault("upstream_protocol", "more than one framing field")
    if lengths and not CONTENT_LENGTH.fullmatch(lengths[0]):
        raise Fault("upstream_protocol", "the Content-Length field is malformed")
    if codings and (codings[0] != b"chunked" or version == b"1.0"):
        raise Fault("upstream_protocol", "a transfer coding that is not understood")
    options = listed(headers.all(b"connection"))
    if any(name in options for name in _FRAMING):
        raise Fault("upstream_protocol", "the Connection field lists a framing field")


def _parse_with_h11(head: bytes, version: bytes, status: int, headers: Headers) -> None:
    """A second parser must read the same (I3)."""
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="GET", target="/", headers=[("host", "h")]))
    connection.receive_data(head)
    try:
        event = connection.next_event()
    except h11.RemoteProtocolError as refused:
        raise Fault("upstream_protocol", "the head is malformed") from refused
    if not isinstance(event, h11.Response | h11.InformationalResponse):
        raise Fault("upstream_protocol", "the head is ambiguous")
    if (event.http_version, event.status_code, list(event.headers)) != (version, status, list(headers)):
        raise Fault("upstream_protocol", "the head is ambiguous")
