"""Bytes for the wire's tests: generated and mutated messages, random cuts, and what a reader makes of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from engine.faults import Fault
from engine.settings import Limits
from engine.wire.reader import RequestReader, ResponseReader

# ENGINE_FUZZ=<n> examples per property, for a long run.
fuzz = settings(
    max_examples=int(os.environ.get("ENGINE_FUZZ", "250")),
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

# Small enough for generated input to run into.
TIGHT = Limits(head=400, line=120, target=40, fields=8, body=48, connections=1)

_NAMES = [
    *(
        b"Host",
        b"Content-Length",
        b"Transfer-Encoding",
        b"Connection",
        b"Expect",
        b"Upgrade",
        b"Authorization",
        b"Content-Type",
    ),
    *(b"X-Api-Key", b"Accept", b"User-Agent", b"x-a", b"X_a", b"x%41", b"x!#", b"TE", b"Trailer", b"", b" x", b"x "),
]
_VALUES = [
    *(
        b"example.com",
        b"h:80",
        b"[::1]",
        b"[1::2]:8080",
        b"h:0",
        b"h:70000",
        b"",
        b"a b",
        b"a\tb",
        b"caf\xc3\xa9",
        b"\x00",
        b"a\rb",
    ),
    *(b"0", b"3", b"5", b"05", b"+5", b"5, 5", b"99", b"chunked", b"Chunked", b"gzip, chunked", b"identity"),
    *(b"close", b"keep-alive", b"Keep-Alive", b"upgrade, keep-alive", b"host", b"100-continue", b"100-Continue", b"websocket"),
    b"v" * 130,
]
_LINE_ENDS = st.sampled_from([b"\r\n"] * 60 + [b"\n", b"\r", b"\r\n ", b"\r\r\n"])
_SPACES = st.sampled_from([b" "] * 20 + [b"", b"\t", b"  ", b" \t "])
_BODIES = st.sampled_from(
    [
        *(b"", b"abc", b"hello", b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", b"0\r\n\r\n", b"3\r\nabc\r\n0\r\n\r\n"),
        *(
            b'3\r\nabc\r\n2;a=b;c="d\\""\r\nde\r\n0\r\nX-T: 1\r\n\r\n',
            b"A\r\n0123456789\r\n0\r\n\r\n",
            b"31\r\n" + b"x" * 49,
            b"\r\n",
        ),
        *(b"3\nabc\r\n0\r\n\r\n", b"3\r\nabcd\r\n0\r\n\r\n", b"3 \r\nabc\r\n0\r\n\r\n", b"0\r\nHost: h\r\n\r\n", b"g\r\n"),
    ]
)


def _field(name: bytes, space: bytes, value: bytes, after: bytes, end: bytes) -> bytes:
    return name + b":" + space + value + after + end


_odd_fields = st.builds(
    _field, st.sampled_from(_NAMES), _SPACES, st.sampled_from(_VALUES), st.sampled_from([b""] * 9 + [b" ", b"\t"]), _LINE_ENDS
)
_fair_fields = st.sampled_from(
    [
        *(
            b"Accept: */*\r\n",
            b"User-Agent: x/1 (y; z)\r\n",
            b"Content-Type: application/json\r\n",
            b"x-a:\r\n",
            b"x-b: caf\xe9\r\n",
        ),
        *(b"Connection: close\r\n", b"Connection: keep-alive\r\n", b"Content-Length: 3\r\n", b"Content-Length: 5\r\n"),
        *(
            b"Transfer-Encoding: chunked\r\n",
            b"transfer-encoding: Chunked\r\n",
            b"Expect: 100-continue\r\n",
            b"X-Tab:\ta \t\r\n",
        ),
    ]
)
_fields = st.lists(st.one_of(_fair_fields, _fair_fields, _fair_fields, _odd_fields), max_size=6).map(b"".join)


@st.composite
def mutated(draw: Any, source: st.SearchStrategy[bytes]) -> bytes:
    """Bytes of `source`, mostly with none or a few of them replaced, inserted, removed or said twice."""
    data = bytearray(draw(source))
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 1, 2, 4]))):
        at = draw(st.integers(0, len(data)))
        kind = draw(st.sampled_from(["put", "replace", "remove", "twice"]))
        if kind == "put":
            data[at:at] = draw(
                st.sampled_from([b"\r", b"\n", b"\r\n", b" ", b"\t", b"\0", b":", b",", b"\x80", b"\x0b", b";", b"0"])
            )
        elif kind == "replace":
            data[at : at + 1] = bytes([draw(st.integers(0, 255))])
        elif kind == "remove":
            del data[at : at + draw(st.integers(1, 3))]
        else:
            data[at:at] = data[at : at + draw(st.integers(1, 30))]
    return bytes(data)


def _join(*parts: bytes) -> bytes:
    return b"".join(parts)


_request_lines = st.one_of(
    st.sampled_from(
        [b"GET / HTTP/1.1\r\n", b"POST /v1/chat?a=b HTTP/1.1\r\n", b"POST /v1/chat HTTP/1.1\r\n", b"PUT /%2e HTTP/1.0\r\n"]
    ),
    st.builds(
        _join,
        st.sampled_from([b"", b"", b"", b"\r\n", b"\r\n\r\n"]),
        st.sampled_from([b"GET", b"POST", b"OPTIONS", b"HEAD", b"get", b"BREW", b"CONNECT", b"PRI", b"\x16\x03\x01"]),
        st.sampled_from([b" "] * 9 + [b"  ", b"\t"]),
        st.sampled_from(
            [b"/", b"/a?b?c", b"/a#b", b"*", b"http://h/x", b"http://example.com?q", b"h:443", b"/\xe9", b"/" + b"t" * 50]
        ),
        st.sampled_from([b" HTTP/1.1", b" HTTP/1.1", b" HTTP/1.0", b" HTTP/2.0", b" HTTP/1.10", b"", b" http/1.1"]),
        _LINE_ENDS,
    ),
)
_hosts = st.sampled_from([b"Host: example.com\r\n", b"Host: h:80\r\n", b"Host: h\r\n", b"host: [::1]:8080\r\n", b""])
_odd_request = st.builds(_join, _request_lines, _hosts, _fields, st.sampled_from([b"\r\n"] * 9 + [b"\n"]), _BODIES)

# Messages with nothing wrong yet, so that one mutation has something to break: (framing field, body) that belong together.
_framed = st.sampled_from(
    [
        (b"", b""),
        (b"Content-Length: 0\r\n", b""),
        (b"Content-Length: 5\r\n", b"hello"),
        (b"Content-Length: 27\r\n", b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"[:27]),
        (b"Transfer-Encoding: chunked\r\n", b"3\r\nabc\r\n0\r\n\r\n"),
        (b"Transfer-Encoding: chunked\r\n", b'3;a="b"\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\n'),
        (b"transfer-encoding: Chunked\r\n", b"1\r\nx\r\n0;a\r\n\r\n"),
        (b"Expect: 100-continue\r\nContent-Length: 1\r\n", b"x"),
    ]
)
_plain_fields = st.lists(
    st.sampled_from(
        [
            *(
                b"Accept: */*\r\n",
                b"User-Agent: x/1 (y; z)\r\n",
                b"X-Tab:\ta \t\r\n",
                b"x-a:\r\n",
                b"x-b: caf\xe9\r\n",
                b"x-c:a,  b\r\n",
            ),
            *(b"Connection: keep-alive\r\n", b"Connection: close\r\n", b"Connection: te\r\n", b"Cookie: a=b; c=d\r\n"),
        ]
    ),
    max_size=3,
    unique=True,
).map(b"".join)


def _fair(first: bytes, fields: bytes, framed: tuple[bytes, bytes]) -> bytes:
    return first + fields + framed[0] + b"\r\n" + framed[1]


_fair_first_lines = st.sampled_from(
    [
        *(b"POST /v1/chat HTTP/1.1\r\nHost: example.com\r\n", b"GET /a?b HTTP/1.1\r\nhost: h:80\r\n"),
        *(
            b"POST http://h/x?y HTTP/1.1\r\nHost: h\r\n",
            b"\r\nPUT / HTTP/1.1\r\nHost: [::1]:80\r\n",
            b"OPTIONS * HTTP/1.1\r\nHost: h\r\n",
        ),
    ]
)
_fair_request = st.builds(_fair, _fair_first_lines, _plain_fields, _framed)
_some = st.one_of(
    st.lists(_fair_request, min_size=1, max_size=3).map(b"".join), st.lists(_odd_request, min_size=1, max_size=3).map(b"".join)
)
requests = st.one_of(mutated(st.lists(_fair_request, min_size=1, max_size=3).map(b"".join)), mutated(_some))
request_heads = mutated(
    st.one_of(
        st.builds(_fair, _fair_first_lines, _plain_fields, _framed.map(lambda framed: (framed[0], b""))),
        st.builds(_join, _request_lines, _hosts, _fields, st.just(b"\r\n")),
    )
)

_status_lines = st.sampled_from(
    [
        *(b"HTTP/1.1 200 OK\r\n",) * 4,
        *(
            b"HTTP/1.1 200 \r\n",
            b"HTTP/1.1 200\r\n",
            b"HTTP/1.0 200 OK\r\n",
            b"HTTP/1.1 204 No Content\r\n",
            b"HTTP/1.1 304 x\r\n",
        ),
        *(
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n",
            b"HTTP/1.1 101 S\r\n",
            b"HTTP/1.1 099 x\r\n",
            b"HTTP/1.1 600 x\r\n",
        ),
        *(
            b"HTTP/2.0 200 OK\r\n",
            b"HTTP/1.1  200 OK\r\n",
            b"ICY 200 OK\r\n",
            b"HTTP/1.1 200 caf\xe9\t!\r\n",
            b"HTTP/1.1 200 OK\n",
        ),
    ]
)
_response_fields = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *(
                    b"Content-Length: 3\r\n",
                    b"Content-Length: 5\r\n",
                    b"Transfer-Encoding: chunked\r\n",
                    b"Content-Length: 0\r\n",
                ),
                *(
                    b"Set-Cookie: a=b\r\n",
                    b"X_Under: 1\r\n",
                    b"Connection: close\r\n",
                    b"Date: now\r\n",
                    b"Server:  x \r\n",
                    b"x:\r\n",
                ),
            ]
        ),
        _odd_fields,
    ),
    max_size=4,
).map(b"".join)
_fair_status_lines = st.sampled_from(
    [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 \r\nX_Y: z\r\n", b"HTTP/1.1 100 C\r\n\r\nHTTP/1.1 500 x\r\n", b"HTTP/1.1 204 x\r\n"]
)
_fair_response = st.builds(_fair, _fair_status_lines, _plain_fields, _framed)
responses = mutated(st.one_of(_fair_response, st.builds(_join, _status_lines, _response_fields, st.just(b"\r\n"), _BODIES)))
response_heads = mutated(
    st.one_of(
        st.builds(_fair, st.just(b"HTTP/1.1 200 OK\r\n"), _plain_fields, _framed.map(lambda framed: (framed[0], b""))),
        st.builds(_join, _status_lines, _response_fields, st.just(b"\r\n")),
    )
)


def cut(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    """`data` in pieces of these sizes, the list taken again and again."""
    at = turn = 0
    while at < len(data):
        size = sizes[turn % len(sizes)]
        yield data[at : at + size]
        at += size
        turn += 1


cuts = st.lists(st.integers(1, 40), min_size=1, max_size=8)


def read_requests(pieces: Iterator[bytes] | list[bytes], limits: Limits = TIGHT) -> tuple[list[Any], list[bytes], str]:
    """(heads, bodies, fault code or ""). With a fault, the body that it cut off is left out: how much of it had been handed
    out before is the one thing that may depend on the cuts."""
    reader = RequestReader(limits)
    heads: list[Any] = []
    bodies: list[bytes] = []
    try:
        for piece in pieces:
            reader.feed(piece)
            _drain_requests(reader, heads, bodies)
    except Fault as fault:
        return heads, bodies if reader.ended else bodies[:-1], fault.code
    return heads, bodies, ""


def _drain_requests(reader: RequestReader, heads: list[Any], bodies: list[bytes]) -> None:
    while True:
        if not reader.ended:
            bodies[-1] += reader.take()
            if not reader.ended:
                return
        head = reader.head()
        if head is None:
            return
        heads.append(head)
        bodies.append(b"")


def read_response(
    pieces: Iterator[bytes] | list[bytes], method: str = "POST", max_body: int = 48
) -> tuple[Any, bytes, str, bool]:
    """(head, body, fault code or "", reusable), the peer closing after the last piece. With a fault, no body."""
    reader = ResponseReader(max_body)
    reader.expect(method)
    head, body, reusable = None, b"", False
    try:
        for piece in pieces:
            reader.feed(piece)
            head = head or reader.head()
            body += reader.take()
        reusable = reader.reusable
        reader.eof()
    except Fault as fault:
        return head, b"", fault.code, False
    return head, body, "", reusable
