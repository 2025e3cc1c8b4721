from __future__ import annotations

import pytest

from bench.framing import Framing

EVENT = b'data: {"delta":"hi"}\n\n'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


STREAM = CHUNKED + chunk(EVENT) + chunk(EVENT * 2) + chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"


def fed(framing: Framing, *pieces: bytes) -> list[bool]:
    framing.begin()
    return [framing.feed(piece) for piece in pieces]


def test_an_answer_with_a_length_ends_at_its_last_byte() -> None:
    framing = Framing()
    assert fed(framing, b"HTTP/1.1 200 OK\r\ncontent-", b"length: 5\r\n\r\n", b"ab", b"cde") == [False, False, False, True]
    assert framing.good
    assert not framing.closes


def test_an_empty_body_ends_with_the_head() -> None:
    assert fed(Framing(), b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") == [True]


@pytest.mark.parametrize("cut", range(1, len(STREAM)))
def test_a_stream_cut_anywhere_ends_with_its_last_chunk_and_no_event_is_lost(cut: int) -> None:
    framing = Framing()
    assert fed(framing, STREAM[:cut], STREAM[cut:]) == [False, True]
    assert framing.events == 4
    assert framing.good


def test_a_stream_byte_by_byte_is_the_same() -> None:
    framing = Framing()
    told = fed(framing, *(STREAM[i : i + 1] for i in range(len(STREAM))))
    assert told.count(True) == 1
    assert told[-1]
    assert framing.events == 4


def test_the_last_chunk_may_come_in_the_same_read_as_data() -> None:
    assert fed(Framing(), STREAM) == [True]


def test_data_that_looks_like_the_last_chunk_does_not_end_the_stream() -> None:
    whole = CHUNKED + chunk(b"data: 10\r\n\r\n0\r\n\r\n")
    assert fed(Framing(), whole, b"0\r\n\r\n") == [False, True]


def test_chunk_extensions_and_trailers_are_stepped_over() -> None:
    framing = Framing()
    body = b'%x;a="b"\r\n%b\r\n' % (len(EVENT), EVENT)
    assert fed(framing, CHUNKED + body, b"0\r\nx-sum: 1\r", b"\n\r\n") == [False, False, True]
    assert framing.events == 1


def test_a_size_line_that_is_none_is_an_error_and_not_an_endless_wait() -> None:
    framing = Framing()
    assert fed(framing, CHUNKED + b"xyz\r\n") == [True]
    assert not framing.good
    assert framing.closes


def test_without_length_and_chunks_the_end_of_the_connection_is_the_end() -> None:
    framing = Framing()
    assert fed(framing, HEAD + b"\r\n" + EVENT, EVENT) == [False, False]
    assert framing.ended()
    assert framing.good
    assert framing.events == 2


def test_a_stream_in_chunks_is_not_ended_by_the_end_of_the_connection() -> None:
    framing = Framing()
    assert fed(framing, CHUNKED + chunk(EVENT)) == [False]
    assert not framing.ended()


def test_a_server_that_will_close_says_so() -> None:
    framing = Framing()
    fed(framing, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    assert framing.closes


@pytest.mark.parametrize("body", [b"Content-Length: 2\r\n\r\nno", b"Transfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n"])
def test_an_error_is_not_good_however_it_is_framed(body: bytes) -> None:
    framing = Framing()
    assert fed(framing, b"HTTP/1.1 500 Oh\r\n" + body) == [True]
    assert not framing.good


def test_each_answer_begins_anew() -> None:
    framing = Framing()
    assert fed(framing, STREAM) == [True]
    assert fed(framing, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") == [True]
    assert framing.events == 0
