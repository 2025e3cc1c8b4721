"""What is valid: the strict profile for requests, on raw bytes, in front of h11.

h11 alone takes bare LF, obs-fold, Content-Length beside Transfer-Encoding, control bytes in values and more. Each of these
is read differently by some other parser, and every such difference is a way to smuggle a request. What passes here has one
reading (RFC 9110, RFC 9112). Choices where the RFCs leave one:

* `chunked` and `100-continue` are compared without regard to case; nothing else is taken in their places.
* A field name holds neither `_` nor `%`; a Host is never empty, and its port, if there is a colon, is 1 to 65535.
* An absolute-form target must name the same authority as Host. Its scheme is not looked at further than http or https.
* An Upgrade without a body is ignored, and with one refused: the body's meaning would depend on who upgrades.
* Percent-encoding is never decoded.
"""

from __future__ import annotations

import re
from ipaddress import IPv6Address
from typing import TYPE_CHECKING, NoReturn

import h11

from engine.faults import Fault
from engine.web import Headers, Pair
from engine.wire.fields import CONTENT_LENGTH, HOST, SINGLE, listed, read_request_field
from engine.wire.message import RequestHead
from engine.wire.scan import Buffer, HeadScan
from engine.wire.strict_response import strict_response_head

if TYPE_CHECKING:
    from engine.settings import Limits

__all__ = ["METHODS", "RequestScan", "strict_request_head", "strict_response_head"]

METHODS = frozenset({b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS"})

_TOKEN_BYTES = frozenset(b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_REQUEST_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([!-~]+) HTTP/([0-9]\.[0-9])")
_ORIGIN_FORM = re.compile(rb"/[!\"$-~]*")  # visible ASCII but `#`
_ABSOLUTE_FORM = re.compile(rb"[Hh][Tt][Tt][Pp][Ss]?://([^/?#]+)((?:/[!\"$->@-~]*)?(?:\?[!\"$-~]*)?)")


class RequestScan(HeadScan):
    """Refuses at once: a first byte that begins no method (a TLS hello), a target over its limit, a request line that is
    none, a line end that is not CRLF, a head or a line over its limit."""

    __slots__ = ("_target_limit",)

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits.head, limits.line)
        self._target_limit = limits.target

    def check_opening(self, buffer: Buffer, seen: int) -> None:
        if seen and buffer[0] not in _TOKEN_BYTES:
            raise Fault("bad_request", "this is not the beginning of a request")
        line_end = buffer.find(b"\n", 0, seen)
        line_end = seen if line_end < 0 else line_end
        target = buffer.find(b" ", 0, line_end) + 1
        if not target:
            return
        target_end = buffer.find(b" ", target, line_end)
        if (line_end if target_end < 0 else target_end) - target > self._target_limit:
            raise Fault("uri_too_long")

    def check_first_line(self, line: bytes) -> None:
        _read_request_line(line)

    def refuse_size(self) -> NoReturn:
        raise Fault("head_too_large")

    def refuse_line_end(self) -> NoReturn:
        raise Fault("bad_request", "a line does not end with CRLF")


def strict_request_head(head: bytes, limits: Limits) -> RequestHead:
    """Reads `head`: all bytes up to and including the empty line, no empty line before it.

    Raises Fault("bad_request" | "uri_too_long" | "head_too_large" | "expectation_failed" | "not_implemented" |
    "version_not_supported"). The body's size is not judged here."""
    if RequestScan(limits).find_end(head) != len(head):
        raise Fault("bad_request", "the head does not end with its empty line")
    request_line, *lines = head[:-4].split(b"\r\n")
    method, target, version = _read_request_line(request_line)
    headers = Headers(_read_fields(lines, limits))
    _check_single(headers)
    _check_host(headers, version)
    path, query = _split_target(method, target, headers)
    length, chunked = _read_framing(headers, version)
    body = bool(length or chunked)
    keep_alive = _read_connection(headers, version, body)
    expects = _read_expect(headers, version) and body
    _parse_with_h11(head, method, target, version, headers)
    told = headers.without(b"content-length")
    return RequestHead(
        method.decode(),
        path,
        query,
        told,
        version.decode(),
        length=length,
        chunked=chunked,
        keep_alive=keep_alive,
        expect_continue=expects,
    )


def _read_request_line(line: bytes) -> tuple[bytes, bytes, bytes]:
    match = _REQUEST_LINE.fullmatch(line)
    if not match:
        raise Fault("bad_request", "the request line is malformed")
    method, target, version = match.groups()
    if version not in (b"1.1", b"1.0"):
        raise Fault("version_not_supported")
    if method not in METHODS:
        raise Fault("not_implemented", "the method is not known")
    if not _ORIGIN_FORM.fullmatch(target) and not _ABSOLUTE_FORM.fullmatch(target) and (method, target) != (b"OPTIONS", b"*"):
        raise Fault("bad_request", "the request target is malformed")
    return method, target, version


def _read_fields(lines: list[bytes], limits: Limits) -> list[Pair]:
    if len(lines) > limits.fields:
        raise Fault("head_too_large", f"more than {limits.fields} header fields")
    pairs: list[Pair] = []
    for line in lines:
        pair = read_request_field(line)
        if pair is None:
            raise Fault("bad_request", "a header field is malformed")
        # The one value whose case h11 does not keep.
        pairs.append((pair[0], pair[1].lower()) if pair[0] == b"transfer-encoding" else pair)
    return pairs


def _check_single(headers: Headers) -> None:
    for name in SINGLE:
        if len(headers.all(name)) > 1:
            raise Fault("bad_request", f"more than one {name.decode()} field")


def _check_host(headers: Headers, version: bytes) -> None:
    host = headers.get(b"host")
    if host is None:
        if version == b"1.1":
            raise Fault("bad_request", "the Host field is missing")
        return
    match = HOST.fullmatch(host)
    if not match or (match[1] and not _is_ipv6(match[1])):
        raise Fault("bad_request", "the Host field is malformed")


def _is_ipv6(text: bytes) -> bool:
    try:
        IPv6Address(text.decode())
    except ValueError:
        return False
    return True


def _split_target(method: bytes, target: bytes, headers: Headers) -> tuple[str, str]:
    """(path, query) of the target; the authority of an absolute-form target must be Host's (RFC 9112 section 3.2.2)."""
    absolute = None if target.startswith(b"/") else _ABSOLUTE_FORM.fullmatch(target)
    if absolute:
        if absolute[1].lower() != (headers.get(b"host") or b"").lower():
            raise Fault("bad_request", "the request target and the Host field differ")
        target = absolute[2] or (b"*" if method == b"OPTIONS" else b"/")
    path, _, query = target.decode("ascii").partition("?")
    return path or "/", query


def _read_framing(headers: Headers, version: bytes) -> tuple[int, bool]:
    """(Content-Length, chunked) (RFC 9112 section 6.3)."""
    length, coding = headers.get(b"content-length"), headers.get(b"transfer-encoding")
    if length is not None and not CONTENT_LENGTH.fullmatch(length):
        raise Fault("bad_request", "the Content-Length field is malformed")
    if coding is None:
        return int(length or 0), False
    if length is not None or version == b"1.0":
        raise Fault("bad_request", "Transfer-Encoding with Content-Length, or in HTTP/1.0")
    if coding != b"chunked":
        raise Fault("not_implemented", "the only transfer coding that is understood is chunked")
    return 0, True


def _read_connection(headers: Headers, version: bytes, body: bool) -> bool:
    """Whether the connection may be kept. HTTP/1.0's never is (I8)."""
    options = listed(headers.all(b"connection"))
    if any(name in options for name in SINGLE):
        raise Fault("bad_request", "the Connection field lists a field that is not the connection's")
    if body and b"upgrade" in headers:
        raise Fault("bad_request", "an Upgrade with a body")
    return version == b"1.1" and b"close" not in options


def _read_expect(headers: Headers, version: bytes) -> bool:
    """RFC 9110 section 10.1.1: an expectation in HTTP/1.0 is ignored (I6)."""
    expectations = [value.lower() for value in headers.all(b"expect")]
    if not expectations or version == b"1.0":
        return False
    if expectations != [b"100-continue"]:
        raise Fault("expectation_failed")
    return True


def _parse_with_h11(head: bytes, method: bytes, target: bytes, version: bytes, headers: Headers) -> None:
    """A second parser must read the same (I3)."""
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(head)
    try:
        event = connection.next_event()
    except h11.RemoteProtocolError as refused:
        raise Fault("bad_request", "the head is malformed") from refused
    if not isinstance(event, h11.Request):
        raise Fault("bad_request", "the head is ambiguous")
    if (event.method, event.target, event.http_version, list(event.headers)) != (method, target, version, list(headers)):
        raise Fault("bad_request", "the head is ambiguous")
