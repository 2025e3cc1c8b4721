"""The raw bytes of a connection: gathered, handed on, never lost."""

from __future__ import annotations

import pytest

from engine.faults import Fault
from engine.settings import Limits
from engine.wire.reader import RequestReader, ResponseReader


def test_pieces_wait_for_each_other() -> None:
    reader = RequestReader(Limits())
    for piece in (b"GET / HT", b"", b"TP/1.1\r\nHost: h\r\n", b"\r\nGET"):
        assert reader.head() is None
        reader.feed(piece)
    assert reader.buffered == 30
    assert reader.head() is not None
    assert (reader.buffered, reader.ended, reader.idle) == (3, True, False)


def test_nothing_is_taken_before_the_head() -> None:
    reader = ResponseReader()
    reader.expect("GET")
    reader.feed(b"HTTP/1.1 200 OK\r\n")
    assert (reader.take(), reader.buffered, reader.ended) == (b"", 17, False)
    reader.feed(b"Content-Length: 1\r\n\r\nx")
    assert reader.head() is not None
    assert (reader.take(), reader.ended) == (b"x", True)


def test_a_body_that_waited_in_pieces_comes_in_one() -> None:
    reader = RequestReader(Limits())
    reader.feed(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nab")
    assert reader.head() is not None
    reader.feed(b"cd")
    reader.feed(b"efGET")
    assert (reader.take(), reader.ended, reader.buffered) == (b"abcdef", True, 3)
    assert type(reader.take()) is bytes


def test_a_fault_is_for_ever_i1() -> None:
    reader = RequestReader(Limits())
    reader.feed(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n")
    assert reader.head() is not None
    for attempt in (reader.take, reader.take, reader.head):
        with pytest.raises(Fault):
            attempt()
        reader.feed(b"0\r\n\r\n")


def test_what_passes_through_is_what_is_fed_and_taken() -> None:
    """I4: `pass_through` from the head to the end, whatever waits and however the chunks are cut."""
    chunks = b"2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n"
    for cut in range(1, len(chunks)):
        reader = ResponseReader()
        reader.expect("GET")
        reader.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks[:1])
        assert reader.head() is not None
        body = b"".join(map(reader.pass_through, (chunks[1:cut], chunks[cut:])))
        assert (body, reader.ended, reader.reusable) == (b"abcde", True, True)


def test_what_comes_after_the_end_stays_i7() -> None:
    reader = ResponseReader()
    reader.expect("GET")
    reader.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert reader.head() is not None
    assert (reader.take(), reader.pass_through(b"0\r\n\r\nmore")) == (b"", b"")
    assert (reader.ended, reader.reusable, reader.buffered) == (True, False, 4)


def test_a_fault_in_what_passes_through_is_for_ever() -> None:
    reader = ResponseReader()
    reader.expect("GET")
    reader.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert reader.head() is not None
    for data in (b"x\r\n", b"1\r\na\r\n"):
        with pytest.raises(Fault):
            reader.pass_through(data)


def posting(length: int, body: bytes) -> RequestReader:
    reader = RequestReader(Limits(body=100))
    reader.feed(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%b" % (length, body))
    assert reader.head() is not None
    return reader


@pytest.mark.parametrize("cuts", [[60], [1] * 60, [7, 0, 13, 40], [10, 55], [50, 5, 5]])
def test_a_body_that_is_gathered_is_what_its_pieces_would_have_been_i4(cuts: list[int]) -> None:
    """The plain twin takes every piece as it comes."""
    sent = b"0123456789" * 5 + b"GET / HTTP"
    gathering, plain = posting(54, b"head"), posting(54, b"head")
    taken = plain.take()
    assert gathering.gather(gathering.take())
    at = 0
    for size in cuts:
        piece, at = sent[at : at + size], at + size
        for reader in (gathering, plain):
            reader.feed(piece)
        taken += plain.take()
        whole = gathering.take()
        assert whole == (taken if plain.ended and len(whole) else b"")
        assert gathering.ended == plain.ended
        assert gathering.buffered == (plain.buffered if plain.ended else 0)
    assert plain.ended
    assert taken == b"head" + sent[:50]


def test_what_cannot_be_gathered_is_left_as_it_was() -> None:
    over, whole, waiting = posting(101, b"head"), posting(4, b"head"), posting(54, b"head")
    assert not over.gather(b"")
    with pytest.raises(Fault, match="body_too_large"):
        over.take()
    assert not whole.gather(whole.take())
    assert not waiting.gather(b"")  # what is there is to be taken first
    assert waiting.take() == b"head"
    chunked = RequestReader(Limits())
    chunked.feed(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert chunked.head() is not None
    assert not chunked.gather(chunked.take())
