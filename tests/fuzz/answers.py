"""The response door under fuzz: answers read alike whatever the cuts, as h11 reads them, and a connection that is used again
only when nothing is left on it (I3, I4, I7; F-08, F-09, F-22)."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Any

import h11

from engine.faults import Fault
from engine.wire.message import ResponseHead
from engine.wire.response_reader import ResponseReader
from engine.wire.strict_response import HEAD_LIMIT, strict_response_head
from tests.fuzz.campaign import Kind, fault_of
from tests.fuzz.mutation import byte_by_byte, cut_anywhere, mutate, pick
from tests.fuzz.written import check_response

OK = b"HTTP/1.1 200 OK\r\n"
COUNTED = OK + b'Content-Type: application/json\r\nContent-Length: 13\r\nConnection: keep-alive\r\n\r\n{"model":"m"}'
STREAM = (
    OK + b"Date: Mon, 01 Jan 2024 00:00:00 GMT\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"9\r\ndata: 1\n\n\r\nA\r\ndata: 22\n\n\r\n0\r\nX-Sum: 1\r\n\r\n"
)
EMPTY = b"HTTP/1.1 204 No Content\r\nx_y: z\r\n\r\n"

SEEDS = (
    *(COUNTED, COUNTED, STREAM, STREAM, EMPTY, b"HTTP/1.1 304 x\r\nContent-Length: 5\r\n\r\n"),
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + COUNTED,
    b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end",
    b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 500 \r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 0\r\n\r\n",
    b'HTTP/1.1 429\r\nRetry-After: 1\r\ntransfer-encoding: Chunked\r\n\r\n2;a="b"\r\n{}\r\n0\r\n\r\n',
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    OK + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nx",
)
TOKENS = (
    *(b"HTTP/1.1 200 OK\r\n", b"HTTP/1.0", b"HTTP/2.0", b" 204 ", b" 304 ", b" 101 ", b" 100 ", b" 999 ", b"ICY"),
    *(b"Content-Length: 13\r\n", b"content-length: 0\r\n", b"Transfer-Encoding: chunked\r\n", b"Connection: close\r\n"),
    *(
        b"connection: content-length\r\n",
        b"x_y%z: a\r\n",
        b"chunked",
        b"gzip, ",
        b"0\r\n\r\n",
        b"3\r\nabc\r\n",
        b"ffffffffff\r\n",
    ),
    *(b"Retry-After: 1e999\r\n", b"Retry-After: 99999999999999999999\r\n", b"retry-after: -1\r\n", b"X-Request-Id: \xff\r\n"),
    *(
        b"Content-Encoding: gzip\r\n",
        b"Location: //x\r\n",
        b"Content-Type: text/event-stream\r\n",
        b" 429 ",
        b" 503 ",
        b" 302 ",
    ),
    *(b"HTTP/1.1 100 C\r\n\r\n" * 9, COUNTED, b"x: " + b"y" * 300 + b"\r\n"),
)
_MOST = 48  # bytes of a body
_CODES = {"upstream_protocol", "upstream_too_large", "upstream_truncated", "upstream_reset"}


class StrictReader(ResponseReader):
    """The same reader without a recogniser."""

    __slots__ = ()

    def begin(self, data: bytes) -> tuple[ResponseHead | None, bytes | None]:
        self.feed(data)
        return self.head(), None

    def _read_head(self) -> ResponseHead | None:
        while (raw := self._find_head(HEAD_LIMIT)) is not None:
            head = strict_response_head(raw)
            if head.status >= 200:
                self._begin_body(head)
                return head
            self._interim += 1
            if self._interim > 8:
                raise Fault("upstream_protocol", "too many interim answers")
        return None


def read(pieces: Iterable[bytes], method: str, reader: ResponseReader) -> tuple[Any, bytes, str, bool]:
    """(head, body, fault code or "", reusable), the peer closing after the last piece; with a fault, neither head nor body."""
    reader.expect(method)
    head, body = None, b""
    try:
        for piece in pieces:
            if head is None:
                head, whole = reader.begin(piece)
                body = reader.take() if whole is None else whole
            elif not reader.ended and len(piece) % 2:
                body += reader.pass_through(piece)
            else:
                reader.feed(piece)
                body += reader.take()
        reusable = reader.reusable
        reader.eof()
    except Fault as fault:
        _check_dead(reader, fault)
        return None, b"", fault.code, False
    return head, body, "", reusable


def _check_dead(reader: ResponseReader, fault: Fault) -> None:
    assert fault.code in _CODES, fault.code
    assert not reader.reusable
    reader.feed(COUNTED)
    for attempt in (reader.head, reader.take, lambda: reader.expect("POST"), lambda: reader.begin(COUNTED)):
        assert fault_of(attempt) is fault, f"read on after {fault.code}"


def check(data: bytes, dice: Random) -> str:
    """Returns the fault's code, "reusable" or "whole"."""
    method = "HEAD" if dice.random() < 0.1 else "POST"
    told = read([data], method, ResponseReader(_MOST))
    strict = read([data], method, StrictReader(_MOST))
    assert strict == told, f"the strict profile alone: {strict}\nwith the recogniser: {told}"
    cuts = [cut_anywhere(data, dice)] if pick(dice, 12) else [byte_by_byte(data)]
    for pieces in cuts:
        other = read(pieces, method, ResponseReader(_MOST))
        assert other == told, f"cut into {[len(p) for p in pieces]}: {other}\nwhole: {told}"
    head, body, code, reusable = told
    if not code:
        check_response(head)
        _check_h11(data, method, head, body, reusable)
    if reusable:
        _check_reused(data, method)
    return code or ("reusable" if reusable else "whole")


def _check_reused(data: bytes, method: str) -> None:
    """I7: the next answer on the connection is read as on a new one, and a byte before its request spoils it."""
    reader, spoilt = ResponseReader(_MOST), ResponseReader(_MOST)
    for each in (reader, spoilt):
        each.expect(method)
        each.feed(data)
        each.head()
        each.take()
        assert each.reusable
    assert read([COUNTED], "POST", reader)[1:] == (COUNTED[-13:], "", True)
    spoilt.feed(b"H")
    assert not spoilt.reusable


def _check_h11(data: bytes, method: str, head: ResponseHead, body: bytes, reusable: bool) -> None:
    peer = h11.Connection(h11.CLIENT)
    peer.send(h11.Request(method=method, target="/", headers=[("host", "h")]))
    peer.send(h11.EndOfMessage())
    peer.receive_data(data)
    peer.receive_data(b"")
    while isinstance(event := peer.next_event(), h11.InformationalResponse):
        pass
    assert isinstance(event, h11.Response), event
    told = (event.status_code, event.http_version.decode(), _lowered(list(event.headers)))
    assert told == (head.status, head.version, _lowered(list(head.headers))), told
    received = b""
    while isinstance(event := peer.next_event(), h11.Data):
        received += event.data
    assert isinstance(event, h11.EndOfMessage), event
    assert received == body, f"h11: {received!r}, we: {body!r}"
    if reusable:
        assert peer.trailing_data[0] == b"", "h11 has something left"
        assert (peer.our_state, peer.their_state) == (h11.DONE, h11.DONE)


def _lowered(pairs: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(name, value.lower() if name == b"transfer-encoding" else value) for name, value in pairs]


def make(dice: Random) -> bytes:
    return mutate(dice, SEEDS, TOKENS)


ANSWER = Kind("answer", make, check)
