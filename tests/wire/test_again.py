"""A head that is known again is what the strict profile reads in it, and nothing else is known again (I3)."""

from __future__ import annotations

import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.faults import Fault
from engine.settings import Limits
from engine.wire.again import LONGEST, Again, learn
from engine.wire.head import recognise_request
from engine.wire.message import RequestHead
from engine.wire.reader import RequestReader
from engine.wire.strict import strict_request_head
from tests.tools.wire_bytes import fuzz

FIRST = b"POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nAccept: 1000\r\nAuthorization: Bearer sk-0\r\nContent-Length:"
HEADS = [
    FIRST + b" 100\r\n\r\n",
    FIRST + b"100\r\nX-A: 100\r\n\r\n",
    b"POST /a?content-length:7 HTTP/1.1\r\ncontent-length: 0\r\nX-Content-Length: 5\r\nhost: h\r\n\r\n",
]


def learnt(raw: bytes) -> Again:
    head = recognise_request(raw)
    assert head is not None
    again = learn(raw, head)
    assert again is not None
    return again


def agree(again: Again, head: bytes) -> None:
    found = again.find(head + b"GET ")
    if found is not None:
        assert found == (strict_request_head(head[: found[1]], Limits()), found[1])


@pytest.mark.parametrize("end", [b"\r\n\r\n", b"\r\nX-A: 100\r\nAccept-Encoding: gzip\r\n\r\n"])
@pytest.mark.parametrize("length", [b"0", b"7", b"100", b"101", b"999999999999"])
def test_the_same_with_another_length_is_known_again(length: bytes, end: bytes) -> None:
    now = FIRST + b" " + length + end
    assert learnt(FIRST + b" 100" + end).find(now + b"body") == (strict_request_head(now, Limits()), len(now))


@pytest.mark.parametrize("length", [b"", b"00", b"01", b"+1", b"-1", b" 1", b"1 ", b"1_0", b"0x1", b"1,1", b"1\n", b"1" * 13])
def test_an_odd_length_is_left_to_who_judges_lengths(length: bytes) -> None:
    assert learnt(FIRST + b" 5\r\n\r\n").find(FIRST + b" " + length + b"\r\n\r\n") is None


@pytest.mark.parametrize("raw", HEADS)
def test_one_odd_byte_anywhere_is_judged_alike(raw: bytes) -> None:
    again = learnt(raw)
    for place in range(len(raw)):
        for byte in b"\r\n\x00 :;09aZ-\xff":
            agree(again, raw[:place] + bytes([byte]) + raw[place:])
            agree(again, raw[:place] + bytes([byte]) + raw[place + 1 :])
        agree(again, raw[:place] + raw[place + 1 :])
        assert again.find(raw[:place]) is None


@fuzz
@given(st.sampled_from(HEADS), st.integers(0, 200), st.integers(0, 8), st.binary(max_size=8))
def test_a_changed_head_is_read_as_by_a_reader_that_knows_none(raw: bytes, at: int, off: int, put: bytes) -> None:
    changed = raw[:at] + put + raw[at + off :]
    agree(learnt(raw), changed)


@pytest.mark.parametrize(
    "raw", [b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", FIRST[:-15] + b"X-A: " + b"x" * LONGEST + b"\r\nContent-Length: 1\r\n\r\n"]
)
def test_heads_without_a_length_and_long_ones_are_not_kept(raw: bytes) -> None:
    head = recognise_request(raw)
    assert head is not None
    assert learn(raw, head) is None


def test_who_says_the_same_shares_what_was_learnt_and_nothing_outlives_them() -> None:
    one, other = learnt(FIRST + b" 5\r\n\r\n"), learnt(FIRST + b" 77\r\n\r\n")
    assert one is other
    assert learnt(FIRST + b" 5\r\nX-A: b\r\n\r\n") is not one
    gone = weakref.ref(one)
    del one, other
    assert gone() is None


def told(reader: RequestReader, whole: bool) -> tuple[object, ...]:
    """What a reader makes of what it was fed: by `request`, or by `head` and `take`."""
    try:
        head = reader.request() if whole else reader.head()
        if head is None:
            return (None, reader.ended, reader.idle, reader.buffered)
        body = reader.take() if head.body is None else head.body
        head.body = None
    except Fault as fault:
        return (fault.code,)
    return (head, body, reader.ended, reader.idle, reader.buffered)


@fuzz
@given(
    st.lists(st.tuples(st.sampled_from([b"0", b"4", b"12", b"04", b"5\r\nX-A: b"]), st.binary(max_size=12)), max_size=5),
    st.sampled_from([5, 1000]),
    st.sampled_from([len(FIRST) + 6, 1000]),
)
def test_a_request_at_once_is_its_head_and_its_body_i4(pieces: list[tuple[bytes, bytes]], most: int, small: int) -> None:
    limits = Limits(body=most, head=small)
    at_once, in_steps = RequestReader(limits), RequestReader(limits)
    for length, rest in [(b"4", b"abcd"), *pieces]:
        for reader in (at_once, in_steps):
            reader.feed(FIRST + length + b"\r\n\r\n" + rest)
        assert told(at_once, whole=True) == told(in_steps, whole=False)


def outcome(reader: RequestReader) -> RequestHead | str | None:
    try:
        return reader.head()
    except Fault as fault:
        return fault.code


@pytest.mark.parametrize("limit", ["head", "line", "target"])
def test_limits_hold_for_a_head_that_is_known_again_f35(limit: str) -> None:
    one, two = FIRST + b" 9\r\n\r\n", FIRST + b" 10\r\n\r\n"
    limits = Limits(**{limit: len(one)})  # type: ignore[arg-type]
    reader, fresh = RequestReader(limits), RequestReader(limits)
    reader.feed(one + b"123456789")
    assert reader.head() is not None
    assert len(reader.take()) == 9
    reader.feed(two)
    fresh.feed(two)
    assert outcome(reader) == outcome(fresh)
    assert (outcome(reader) == "head_too_large") == (limit == "head")


def test_what_was_handed_out_does_not_change_with_the_next() -> None:
    reader = RequestReader(Limits())
    reader.feed(FIRST + b" 2\r\n\r\nab")
    first = reader.head()
    assert reader.take() == b"ab"
    reader.feed(FIRST + b" 3\r\n\r\nabc")
    second = reader.head()
    assert reader.take() == b"abc"
    assert first is not None
    assert second is not None
    assert (first.length, second.length, second.path) == (2, 3, first.path)
    assert second is not first
    assert b"content-length" not in second.headers
