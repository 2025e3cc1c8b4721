"""Requests that parsers are known to read differently (TE.TE, CL.TE, CL.0): every one is refused, and nothing of the
connection is read after it (reliability 1.4; I1)."""

from __future__ import annotations

import pytest

from engine.faults import TABLE
from engine.settings import Limits
from tests.tools.wire_bytes import read_requests

ODD = [*range(0x01, 0x21), *range(0x7F, 0x100)]
PLACES = {
    "before the name": b"%cTransfer-Encoding: chunked",
    "after the name": b"Transfer-Encoding%c: chunked",
    "after the colon": b"Transfer-Encoding:%cchunked",
    "after the value": b"Transfer-Encoding: chunked%c",
}
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"


def post(*lines: bytes, body: bytes = b"0\r\n\r\n") -> bytes:
    return b"\r\n".join([b"POST / HTTP/1.1", b"Host: h", *lines]) + b"\r\n\r\n" + body + SMUGGLED


def assert_refused(data: bytes) -> None:
    heads, _, code = read_requests([data], Limits())
    assert heads == []
    assert TABLE[code].status in (400, 501)
    assert read_requests([data[i : i + 1] for i in range(len(data))], Limits()) == (heads, [], code)


@pytest.mark.parametrize("place", PLACES)
def test_an_odd_byte_beside_transfer_encoding(place: str) -> None:
    for byte in ODD:
        line = PLACES[place] % byte
        assert_refused(post(b"Content-Length: 5", line))
        assert_refused(post(line, b"Content-Length: 5"))
        if byte in (0x09, 0x20) and place in ("after the colon", "after the value"):
            heads, bodies, code = read_requests([post(line)], Limits())
            assert ([head.path for head in heads], bodies, code) == (["/", "/smuggled"], [b"", b""], "")
        else:
            assert_refused(post(line))


@pytest.mark.parametrize("place", PLACES)
def test_an_odd_byte_beside_content_length(place: str) -> None:
    for byte in ODD:
        line = PLACES[place].replace(b"Transfer-Encoding", b"Content-Length").replace(b"chunked", b"5") % byte
        assert_refused(post(line, b"Transfer-Encoding: chunked"))
        if byte not in (0x09, 0x20) or place in ("before the name", "after the name"):
            assert_refused(post(line))


NAMED = {
    "nameprefix": [b"Foo: bar\r\n Transfer-Encoding: chunked"],
    "nameprefix tab": [b"Foo: bar\r\n\tTransfer-Encoding: chunked"],
    "vertwrap": [b"Transfer-Encoding:\n\x0bchunked"],
    "linewrap": [b"Transfer-Encoding:\r\n chunked"],
    "linewrap lf": [b"Transfer-Encoding:\n chunked"],
    "0dspam": [b"Transfer\r-Encoding: chunked"],
    "x:x lf": [b"X: x\nTransfer-Encoding: chunked"],
    "x:x cr": [b"X: x\rTransfer-Encoding: chunked"],
    "colon before": [b":Transfer-Encoding: chunked"],
    "backslash": [b"Transfer\\Encoding: chunked"],
    "percent": [b"Transfer-%45ncoding: chunked"],
    "underscore": [b"Transfer_Encoding: chunked"],
    "soft hyphen": [b"Transfer\xadEncoding: chunked"],
    "rfc 2047": [b"Transfer-Encoding: =?iso-8859-1?B?Y2h1bmtlZA==?="],
    "quoted": [b'Transfer-Encoding: "chunked"'],
    "apostrophe": [b"Transfer-Encoding: 'chunked'"],
    "dual": [b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity"],
    "reverse dual": [b"Transfer-Encoding: identity", b"Transfer-Encoding: chunked"],
    "equal dual": [b"Transfer-Encoding: chunked", b"Transfer-encoding: chunked"],
    "nested": [b"Transfer-Encoding: identity, chunked, identity"],
    "list": [b"Transfer-Encoding: chunked, chunked"],
    "list gzip": [b"Transfer-Encoding: gzip, chunked"],
    "comma": [b"Transfer-Encoding: chunked,"],
    "comma first": [b"Transfer-Encoding: ,chunked"],
    "semicolon": [b"Transfer-Encoding: chunked;q=1"],
    "empty": [b"Transfer-Encoding:"],
    "prefix": [b"Transfer-Encoding: xchunked"],
    "suffix": [b"Transfer-Encoding: chunkedx"],
    "cow": [b"Transfer-Encoding: cow"],
    "no colon": [b"Transfer-Encoding chunked"],
    "cl + te": [b"Content-Length: 5", b"Transfer-Encoding: chunked"],
    "te + cl": [b"Transfer-Encoding: chunked", b"Content-Length: 5"],
    "cl plus": [b"Content-Length: +5"],
    "cl minus": [b"Content-Length: -5"],
    "cl zero pad": [b"Content-Length: 05"],
    "cl hex": [b"Content-Length: 0x5"],
    "cl e0": [b"Content-Length: 5e0"],
    "cl fraction": [b"Content-Length: 5.0"],
    "cl comma after": [b"Content-Length: 5,0"],
    "cl comma before": [b"Content-Length: 0,5"],
    "cl open list": [b"Content-Length: 0,"],
    "cl equal list": [b"Content-Length: 5, 5"],
    "cl twice": [b"Content-Length: 5", b"Content-Length: 0"],
    "cl twice equal": [b"Content-Length: 5", b"Content-Length: 5"],
    "cl empty": [b"Content-Length:"],
    "cl space": [b"Content-Length: 5 5"],
    "cl underscore": [b"Content-Length: 5_0"],
    "cl digits": [b"Content-Length: \xb2"],
    "cl 13 digits": [b"Content-Length: 1000000000000"],
    "cl 2^64": [b"Content-Length: 18446744073709551616"],
    "connection lists cl": [b"Connection: close, content-length", b"Content-Length: 5"],
    "connection lists te": [b"Connection: Transfer-Encoding", b"Transfer-Encoding: chunked"],
    "connection lists host": [b"Connection: host"],
    "host twice": [b"Host: h"],
    "upgrade with a body": [b"Connection: Upgrade", b"Upgrade: h2c", b"Content-Length: 5"],
}


@pytest.mark.parametrize("name", NAMED)
def test_a_named_mutation(name: str) -> None:
    assert_refused(post(*NAMED[name]))
