"""The strict profile for answers (F-08, F-09)."""

from __future__ import annotations

import pytest

from engine.faults import Fault
from engine.wire.strict_response import HEAD_LIMIT, strict_response_head


def head_of(*lines: bytes, first: bytes = b"HTTP/1.1 200 OK") -> bytes:
    return b"\r\n".join([first, *lines]) + b"\r\n\r\n"


@pytest.mark.parametrize(
    ("first", "status", "version"),
    [
        (b"HTTP/1.1 200 OK", 200, "1.1"),
        (b"HTTP/1.1 200 ", 200, "1.1"),
        (b"HTTP/1.1 200", 200, "1.1"),
        (b"HTTP/1.0 599 caf\xc3\xa9 \t!", 599, "1.0"),
        (b"HTTP/1.1 100 Continue", 100, "1.1"),
    ],
)
def test_a_valid_status_line(first: bytes, status: int, version: str) -> None:
    head = strict_response_head(head_of(first=first))
    assert (head.status, head.version, head.keep_alive) == (status, version, version == "1.1")


def test_a_valid_head() -> None:
    head = strict_response_head(head_of(b"X_Under%: a\tb \t", b"Set-Cookie: a", b"Set-Cookie: b", b"E:", b"Content-Length: 0"))
    assert list(head.headers) == [
        (b"x_under%", b"a\tb"),
        (b"set-cookie", b"a"),
        (b"set-cookie", b"b"),
        (b"e", b""),
        (b"content-length", b"0"),
    ]


@pytest.mark.parametrize(
    "head",
    [
        head_of(first=b"HTTP/1.1 101 x"),
        head_of(first=b"HTTP/1.1 099 x"),
        head_of(first=b"HTTP/1.1 600 x"),
        head_of(first=b"HTTP/1.1 999 x"),
        head_of(first=b"HTTP/1.1 20 x"),
        head_of(first=b"HTTP/1.1 2000 x"),
        head_of(first=b"HTTP/1.1  200 x"),
        head_of(first=b"HTTP/1.1\t200 x"),
        head_of(first=b"HTTP/1.1 200 a\rb"),
        head_of(first=b"HTTP/1.1 200 a\x00b"),
        head_of(first=b"HTTP/1.1 +20 x"),
        head_of(first=b"HTTP/2.0 200 x"),
        head_of(first=b"HTTP/0.9 200 x"),
        head_of(first=b"http/1.1 200 x"),
        head_of(first=b"ICY 200 OK"),
        b"<html>hello</html>\r\n\r\n",
        head_of(b"x: a\r\n folded"),
        head_of(b"x: a\nb: c"),
        head_of(b"x: a\rb"),
        head_of(b"x: a\x00"),
        head_of(b"x: a\x1b[0m"),
        head_of(b"x : a"),
        head_of(b" x: a"),
        head_of(b": a"),
        head_of(b"x"),
        head_of(b"Content-Length: 5", b"Transfer-Encoding: chunked"),
        head_of(b"Content-Length: 5", b"Content-Length: 5"),
        head_of(b"Content-Length: 5, 5"),
        head_of(b"Content-Length: +5"),
        head_of(b"Content-Length: 05"),
        head_of(b"Content-Length:"),
        head_of(b"Content-Length: 1000000000000"),
        head_of(b"Transfer-Encoding: gzip, chunked"),
        head_of(b"Transfer-Encoding: identity"),
        head_of(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"),
        head_of(b"Transfer-Encoding: \x0bchunked"),
        head_of(b"Transfer-Encoding: chunked", first=b"HTTP/1.0 200 OK"),
        head_of(b"Connection: content-length", b"Content-Length: 5"),
        head_of(*[b"a: b"] * 129),
        head_of(b"a: " + b"b" * HEAD_LIMIT),
        head_of()[:-2],
        head_of() + b"x",
        b"\r\n" + head_of(),
        b"",
    ],
)
def test_an_invalid_head_is_the_upstreams_fault_f08_f09(head: bytes) -> None:
    with pytest.raises(Fault) as caught:
        strict_response_head(head)
    assert caught.value.code == "upstream_protocol"


def test_limits_are_exact_f09() -> None:
    assert len(strict_response_head(head_of(*[b"a: b"] * 128)).headers) == 128
    room = HEAD_LIMIT - len(head_of(b"a:"))
    assert strict_response_head(head_of(b"a:" + b"b" * room)).headers.get(b"a") == b"b" * room
    with pytest.raises(Fault):
        strict_response_head(head_of(b"a:" + b"b" * (room + 1)))


@pytest.mark.parametrize(
    ("first", "lines", "kept"),
    [
        (b"HTTP/1.1 200 OK", [b"Connection: x, Close"], False),
        (b"HTTP/1.1 200 OK", [b"Connection: keep-alive"], True),
        (b"HTTP/1.0 200 OK", [b"Connection: keep-alive"], False),
    ],
)
def test_keep_alive_i8(first: bytes, lines: list[bytes], kept: bool) -> None:
    assert strict_response_head(head_of(*lines, first=first)).keep_alive is kept
