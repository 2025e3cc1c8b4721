"""The chunked coding in both directions, however it is cut (I4; F-20, F-35)."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.faults import Fault
from engine.wire.chunked import LAST_CHUNK, ChunkedReader, write_chunk
from tests.tools.wire_bytes import cut, cuts, fuzz, mutated

LIMIT = 64


def decode(data: bytes, sizes: list[int] | None = None, **options: object) -> tuple[bytes, bytes, str]:
    """(payload, bytes after the end, "ended" | "more" | a fault code). With a fault there is no payload."""
    reader = ChunkedReader(**({"max_body": LIMIT} | options))  # type: ignore[arg-type]
    body, rest = b"", b""
    try:
        for piece in cut(data, sizes or [len(data) or 1]):
            if reader.ended:
                rest += piece
                continue
            body += reader.feed(piece)
            rest = reader.rest
    except Fault as fault:
        return b"", b"", fault.code
    return body, rest, "ended" if reader.ended else "more"


def both_ways(data: bytes, **options: object) -> tuple[bytes, bytes, str]:
    whole = decode(data, **options)
    assert decode(data, [1], **options) == whole
    return whole


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (b"3\r\nabc\r\n0\r\n\r\n", b"abc"),
        (b"0\r\n\r\n", b""),
        (b"00000000\r\n\r\n", b""),
        (b"000000000000000A\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
        (b"a\r\n0123456789\r\n1\r\n\r\r\n0\r\n\r\n", b"0123456789\r"),
        (b"3;a\r\nabc\r\n0;b=c\r\n\r\n", b"abc"),
        (b'3;a=b;c="d;\\"\r\n'.replace(b"\r\n", b'\t \xe9";e;f=g\r\n') + b"abc\r\n0\r\n\r\n", b"abc"),
        (b"0\r\nX-Checksum: 1\r\nx_y:\r\n\r\n", b""),
    ],
)
def test_a_valid_body_is_decoded_and_trailers_dropped_f20(data: bytes, body: bytes) -> None:
    assert both_ways(data) == (body, b"", "ended")
    assert both_ways(data + b"GET /next") == (body, b"GET /next", "ended")


@pytest.mark.parametrize(
    "data",
    [
        *(
            b"\r\n",
            b" 3\r\n",
            b"3 \r\n",
            b"3\t\r\n",
            b"3\n",
            b"3\rX\n",
            b"g\r\n",
            b"0x3\r\n",
            b"+3\r\n",
            b"-3\r\n",
            b"3_0\r\n",
            b"\xb3\r\n",
        ),
        *(
            b"00000000000000003\r\n",
            b"3 ;a\r\n",
            b"3; a\r\n",
            b"3;a =b\r\n",
            b"3;\r\n",
            b"3;;a\r\n",
            b"3;a=\r\n",
            b"3;=a\r\n",
            b"3,3\r\n",
        ),
        *(
            b'3;a="b\r\n',
            b'3;a="b"c\r\n',
            b'3;a="\\\r\n',
            b"3;a\x00\r\n",
            b"3;a\rb\r\n",
            b"3;a;b;c;d;e\r\n",
            b"3;" + b"a" * 4096 + b"\r\n",
        ),
        *(b"3;" + b"a" * 4096, b"3\r\nabcd\r\n", b"3\r\nabc\n", b"3\r\nabc\rX", b"3\r\nabc0\r\n", b"3\r\nabc\r\n\r\n"),
        *(
            b"0\r\nHost: h\r\n\r\n",
            b"0\r\ncontent-length: 5\r\n\r\n",
            b"0\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"0\r\n x: y\r\n\r\n",
        ),
        *(b"0\r\nAuthorization: x\r\n\r\n", b"0\r\nx: y\nz: z\r\n\r\n", b"0\r\n\n", b"0\r\nx\r\n\r\n", b"0\r\nx: \x00\r\n\r\n"),
        *(b"0\r\n" + b"x: y\r\n" * 1400 + b"\r\n", b"0\r\nx: " + b"y" * 8192),
    ],
)
def test_a_malformed_body_is_the_senders_fault(data: bytes) -> None:
    assert both_ways(data)[2] == "bad_request"
    assert both_ways(data, malformed="upstream_protocol", too_large="upstream_too_large")[2] == "upstream_protocol"


@pytest.mark.parametrize(
    "data", [b"41\r\n", b"FFFFFFFFFFFFFFFF\r\n", b"40\r\n" + b"x" * 64 + b"\r\n1\r\n", b"7fffffffffffffff;a=b\r\n"]
)
def test_a_size_is_judged_when_it_is_announced_f35(data: bytes) -> None:
    assert both_ways(data)[2] == "body_too_large"
    assert both_ways(data, too_large="upstream_too_large")[2] == "upstream_too_large"


def test_a_body_as_large_as_the_limit_passes() -> None:
    assert both_ways(b"40\r\n" + b"x" * 64 + b"\r\n0\r\n\r\n") == (b"x" * 64, b"", "ended")


@pytest.mark.parametrize("size", [1, 9, 10, 15, 16, 17, 18, 171, 255, 256, 257, 4085, 4086, 4087, 4090, 4095, 4096, 70000])
@pytest.mark.parametrize("line", [b"%x\r\n", b"%X\r\n", b"0%x\r\n"])
def test_a_chunk_that_comes_whole_and_alone(size: int, line: bytes) -> None:
    """Recognised by its length, or not: what comes out is the same, and a wrong size or end never is one."""
    payload = bytes(range(256)) * (size // 256 + 1)
    whole = line % size + payload[:size] + b"\r\n"
    reader = ChunkedReader(2 * size)
    assert (reader.feed(whole), reader.feed(whole)) == (payload[:size], payload[:size])
    with pytest.raises(Fault) as caught:
        reader.feed(whole)
    assert caught.value.code == "body_too_large"
    for wrong in (line % (size + 1) + payload[:size] + b"\r\n", whole[:-2] + b"\n\n", whole[:-2] + b"x\n"):
        assert decode(wrong, max_body=10**6)[2] in ("more", "bad_request")


def test_a_flood_of_tiny_chunks_is_stopped() -> None:
    tiny = b"1\r\nx\r\n"
    assert both_ways(tiny * 1000 + LAST_CHUNK, max_body=10**6)[2] == "ended"
    assert both_ways(tiny * 1001, max_body=10**6)[2] == "bad_request"
    assert both_ways(b"2\r\nxx\r\n" * 5000 + LAST_CHUNK, max_body=10**6, mean=2)[2] == "ended"
    fair = b"10\r\n" + b"x" * 16 + b"\r\n"
    assert both_ways(fair * 3000 + LAST_CHUNK, max_body=10**6)[2] == "ended"


@pytest.mark.parametrize(
    "data", [b"", b"3", b"3\r", b"3\r\n", b"3\r\nab", b"3\r\nabc", b"3\r\nabc\r", b"3\r\nabc\r\n0\r\n", b"0\r\nx: y\r\n\r"]
)
def test_an_incomplete_body_is_no_body(data: bytes) -> None:
    assert both_ways(data)[2] == "more"


PAYLOADS = st.lists(st.binary(min_size=1, max_size=20), max_size=5)


@fuzz
@given(PAYLOADS, cuts, st.binary(max_size=5))
def test_what_is_written_reads_back_however_cut_i4(payloads: list[bytes], sizes: list[int], after: bytes) -> None:
    data = b"".join(map(write_chunk, payloads)) + LAST_CHUNK + after
    assert decode(data, sizes, max_body=1000) == (b"".join(payloads), after, "ended")


@fuzz
@given(
    mutated(
        st.lists(
            st.sampled_from(
                [
                    b"3\r\nabc\r\n",
                    b"1;a=b\r\nx\r\n",
                    b'2;a="\\b"\r\nxy\r\n',
                    b"0\r\n",
                    b"X-T: 1\r\n",
                    b"\r\n",
                    b"20\r\n",
                    b"3\nabc\r\n",
                ]
            ),
            max_size=6,
        ).map(b"".join)
    ),
    cuts,
)
def test_the_verdict_does_not_depend_on_the_cuts_and_h11_agrees_i3_i4(data: bytes, sizes: list[int]) -> None:
    whole = decode(data)
    assert decode(data, sizes) == decode(data, [1]) == whole
    if whole[2] == "ended":
        peer = h11.Connection(h11.SERVER)
        peer.receive_data(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + data)
        peer.next_event()
        body = b""
        while isinstance(event := peer.next_event(), h11.Data):
            body += event.data
        assert isinstance(event, h11.EndOfMessage)
        assert (body, peer.trailing_data[0]) == whole[:2]


def test_a_chunk_that_comes_whole_is_cut_out_once() -> None:
    reader = ChunkedReader(1000)
    assert reader.feed(b"5\r\nhello\r\n") == b"hello"
    piece = b"x" * 100
    assert reader.feed(b"c8\r\n") == b""
    assert reader.feed(piece) is piece


def test_no_chunk_is_written_for_no_data() -> None:
    assert write_chunk(b"") == b""
    assert write_chunk(b"x" * 26) == b"1a\r\n" + b"x" * 26 + b"\r\n"


@pytest.mark.parametrize("size", [1, 2, 5, 99])
@pytest.mark.parametrize("rest", [b"zz\r\n", b"3\r\nabcd\r\n", b"5;\r\n"])
def test_what_was_good_before_the_break_is_kept_however_it_is_cut(rest: bytes, size: int) -> None:
    """I4"""
    data = b"3\r\nabc\r\n2\r\nde\r\n" + rest
    reader, got = ChunkedReader(LIMIT), list[bytes]()
    with pytest.raises(Fault):
        got.extend(map(reader.feed, cut(data, [size])))
    assert b"".join(got) + reader.rescued == b"abcde" + (b"abc" if b"abc" in rest else b"")


def test_nothing_is_rescued_of_a_body_that_is_sound() -> None:
    reader = ChunkedReader(LIMIT)
    reader.feed(b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
    assert (reader.ended, reader.rescued) == (True, b"")
