"""The chunked reader under fuzz, by itself: both directions, many chunks, hostile sizes, h11 beside it (I3, I4; F-20, F-35)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from random import Random
from unittest.mock import patch

import h11

from engine.faults import Fault
from engine.wire import chunked
from engine.wire.chunked import ChunkedReader
from tests.fuzz.campaign import Kind
from tests.fuzz.mutation import byte_by_byte, cut_anywhere, mutate, pick

_EVENT = b'2a\r\ndata: {"choices":[{"delta":{"content":1}}]}\n\n\r\n'
SEEDS = (
    *(b"3\r\nabc\r\n0\r\n\r\n", b"3\r\nabc\r\n2;a=b\r\nde\r\n0\r\n\r\n", b"1\r\n\r\r\n1\r\n\n\r\n0\r\n\r\n", b"0\r\n\r\n"),
    *(_EVENT + _EVENT + b"0\r\n\r\n", b'00A;x="a;\\""\r\n0123456789\r\n00\r\nX-Sum: 1\r\ny:\r\n\r\n', b"1\r\nx\r\n" * 30),
)
TOKENS = (
    *(b"0\r\n\r\n", b"0\r\n", b"\r\n", b"3\r\n", b"3\r\nabc\r\n", b"ff\r\n", b"FFFFFFFFFFFFFFFF\r\n", b"10000000000000000\r\n"),
    *(
        b";a",
        b';a="b"',
        b";",
        b"0x3\r\n",
        b"+3\r\n",
        b"3 \r\n",
        b"X-T: 1\r\n",
        b"Host: h\r\n",
        b"content-length: 5\r\n",
        b"x: " * 40,
    ),
)
_MOST = 128  # bytes of a body


def read(pieces: Iterable[bytes], reader: ChunkedReader) -> tuple[bytes, bytes, str]:
    """(payload, what came after the end, "ended" | "more" | a fault code); with a fault, nothing else."""
    body, rest = b"", b""
    try:
        for piece in pieces:
            if reader.ended:
                rest += piece
                continue
            body += reader.feed(piece)
            rest = reader.rest
    except Fault as fault:
        return b"", b"", fault.code
    return body, rest, "ended" if reader.ended else "more"


@contextmanager
def small_limits() -> Iterator[None]:
    """So small that short cases run into them."""
    with (
        patch.object(chunked, "_LINE_LIMIT", 24),
        patch.object(chunked, "_TRAILER_LIMIT", 24),
        patch.object(chunked, "_FREE_CHUNKS", 5),
        patch.object(chunked, "_SMALL", 16),
    ):
        yield


def check(data: bytes, dice: Random) -> str:
    if dice.random() < 0.5:
        return _check(data, dice)
    with small_limits():
        return _check(data, dice)


def _check(data: bytes, dice: Random) -> str:
    told = read([data], ChunkedReader(_MOST))
    pieces = cut_anywhere(data, dice) if pick(dice, 4) else byte_by_byte(data)
    other = read(pieces, ChunkedReader(_MOST))
    assert other == told, f"cut into {[len(p) for p in pieces]}: {other}\nwhole: {told}"
    there = read([data], ChunkedReader(_MOST, "upstream_protocol", "upstream_too_large"))
    words = {"bad_request": "upstream_protocol", "body_too_large": "upstream_too_large"}
    assert there[2] == words.get(told[2], told[2]), f"as an answer: {there}"
    if told[2] in ("ended", "more"):
        _check_h11(data, *told)
    return told[2]


def _check_h11(data: bytes, body: bytes, rest: bytes, end: str) -> None:
    peer = h11.Connection(h11.SERVER)
    peer.receive_data(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + data)
    peer.next_event()
    received = b""
    while isinstance(event := peer.next_event(), h11.Data):
        received += event.data
    assert received == body, f"h11: {received!r}, we: {body!r}"
    assert isinstance(event, h11.EndOfMessage) == (end == "ended"), event
    assert end == "more" or peer.trailing_data[0] == rest


CHUNKS = Kind("chunks", lambda dice: mutate(dice, SEEDS, TOKENS), check)
