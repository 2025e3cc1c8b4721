"""Answers out of bytes: where they end (RFC 9112 section 6.3), and when a connection may be used again (I7)."""

from __future__ import annotations

from functools import partial
from typing import Any

import h11
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.faults import Fault
from engine.wire.reader import ResponseReader
from tests.tools.wire_bytes import cut, cuts, fuzz, read_response, responses


def answer(*lines: bytes, status: bytes = b"200 OK", version: bytes = b"1.1", body: bytes = b"") -> bytes:
    return b"\r\n".join([b"HTTP/" + version + b" " + status, *lines]) + b"\r\n\r\n" + body


def read(data: bytes, method: str = "POST") -> tuple[int, bytes, str, bool]:
    """(status or 0, body, fault code, reusable), asserted to be the same whole and byte by byte."""
    head, *rest = read_response([data], method)
    bytewise, *same = read_response(cut(data, [1]), method)
    assert same == rest
    assert rest[1] or bytewise == head
    return (head.status if head else 0, *rest)  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("data", "method", "expected"),
    [
        (answer(b"Content-Length: 3", body=b"abc"), "POST", (200, b"abc", "", True)),
        (answer(b"Content-Length: 0"), "POST", (200, b"", "", True)),
        (answer(b"Transfer-Encoding: chunked", body=b"3\r\nabc\r\n0\r\nx: y\r\n\r\n"), "POST", (200, b"abc", "", True)),
        (answer(b"Content-Length: 3"), "HEAD", (200, b"", "", True)),
        (answer(b"Transfer-Encoding: chunked"), "HEAD", (200, b"", "", True)),
        (answer(status=b"204 No Content"), "POST", (204, b"", "", True)),
        (answer(b"Content-Length: 3", status=b"304 Not Modified"), "GET", (304, b"", "", True)),
        # the end of the connection is the end of the body
        (answer(body=b"abc"), "POST", (200, b"abc", "", False)),
        (answer(version=b"1.0", body=b"abc"), "POST", (200, b"abc", "", False)),
        (answer(), "GET", (200, b"", "", False)),
        # whole, but not to be used again
        (answer(b"Content-Length: 3", version=b"1.0", body=b"abc"), "POST", (200, b"abc", "", False)),
        (answer(b"Content-Length: 3", b"Connection: close", body=b"abc"), "POST", (200, b"abc", "", False)),
        (answer(b"Content-Length: 3", body=b"abcX"), "POST", (200, b"abc", "", False)),
        (answer(b"Content-Length: 0", body=answer(b"Content-Length: 0")), "POST", (200, b"", "", False)),
        (answer(b"Transfer-Encoding: chunked", body=b"0\r\n\r\nX"), "POST", (200, b"", "", False)),
        (answer(status=b"204 No Content", body=b"abc"), "POST", (204, b"", "", False)),
        (answer(b"Content-Length: 3", body=b"abc"), "HEAD", (200, b"", "", False)),
        # cut off
        (b"", "POST", (0, b"", "upstream_reset", False)),
        (b"H", "POST", (0, b"", "upstream_truncated", False)),
        (answer(b"Content-Length: 3")[:-1], "POST", (0, b"", "upstream_truncated", False)),
        (answer(b"Content-Length: 3", body=b"ab"), "POST", (200, b"", "upstream_truncated", False)),
        (answer(b"Transfer-Encoding: chunked", body=b"3\r\nabc\r\n"), "POST", (200, b"", "upstream_truncated", False)),
        (answer(b"Transfer-Encoding: chunked", body=b"3\r\nabc\r\n0\r\n"), "POST", (200, b"", "upstream_truncated", False)),
        # not HTTP
        (answer(b"Transfer-Encoding: chunked", body=b"x\r\n"), "POST", (200, b"", "upstream_protocol", False)),
        (answer(b"Transfer-Encoding: chunked", body=b"31\r\n"), "POST", (200, b"", "upstream_too_large", False)),
        (answer(b"Content-Length: 5", b"Transfer-Encoding: chunked"), "POST", (0, b"", "upstream_protocol", False)),
        (b"\x15\x03\x01", "POST", (0, b"", "upstream_protocol", False)),
        (b"<html>", "POST", (0, b"", "upstream_protocol", False)),
        (b"HTTP/2.0 200 OK\r\n", "POST", (0, b"", "upstream_protocol", False)),
        (b"HTTP/1.1 200 OK\n", "POST", (0, b"", "upstream_protocol", False)),
        (b"HTTP/1.1 200 OK\r\nx: y\n", "POST", (0, b"", "upstream_protocol", False)),
        (b"\r\n" + answer(b"Content-Length: 0"), "POST", (0, b"", "upstream_protocol", False)),
        (answer(b"x: " + b"y" * 70000), "POST", (0, b"", "upstream_protocol", False)),
    ],
)
def test_where_an_answer_ends_f07_f08_f09_f22_i7(data: bytes, method: str, expected: tuple[int, bytes, str, bool]) -> None:
    assert read(data, method) == expected


def test_a_body_that_ends_with_the_connection_has_a_limit_too_f25_i4() -> None:
    """However it is cut: what comes with the head counts as well."""
    assert read(answer(body=b"x" * 48)) == (200, b"x" * 48, "", False)
    assert read(answer(body=b"x" * 49))[1:] == (b"", "upstream_too_large", False)
    assert read_response([answer(), b"x" * 49])[2] == read_response([answer(body=b"x" * 48), b"x"])[2] == "upstream_too_large"


def test_interim_answers_are_dropped_up_to_eight_f09_f19() -> None:
    final = answer(b"Content-Length: 3", body=b"abc")
    interim = answer(status=b"100 Continue") + answer(b"Link: x", status=b"103 Early Hints")
    assert read(interim * 4 + final) == (200, b"abc", "", True)
    assert read(interim * 4 + answer(status=b"102 Processing") + final)[2] == "upstream_protocol"
    assert read(answer(b"Upgrade: x", status=b"101 Switching Protocols"))[2] == "upstream_protocol"


def test_each_answer_on_a_connection_begins_anew_f09_f21() -> None:
    reader = ResponseReader()
    for _ in range(2):
        reader.expect("POST")
        reader.feed(answer(status=b"100 Continue") * 8 + answer(b"Content-Length: 0"))
        assert reader.head() is not None
    reader.expect("POST")
    with pytest.raises(Fault) as caught:
        reader.eof()
    assert caught.value.code == "upstream_reset"


def test_an_answer_after_the_other_on_one_connection() -> None:
    reader = ResponseReader()
    assert not reader.reusable
    for body in (b"abc", b"de"):
        reader.expect("POST")
        assert reader.head() is None
        reader.feed(answer(b"Content-Length: %d" % len(body), body=body))
        head = reader.head()
        assert head is not None
        assert (head.status, reader.head(), reader.ended, reader.reusable) == (200, None, False, False)
        assert (reader.take(), reader.ended, reader.reusable) == (body, True, True)
    reader.eof()
    assert not reader.reusable


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\n",
        answer(b"Content-Length: 3", body=b"ab"),
        answer(b"Content-Length: 3", body=b"abc" + answer(b"Content-Length: 0")),
        answer(b"Content-Length: 3", b"Connection: close", body=b"abc"),
        answer(body=b"abc"),
    ],
)
def test_no_request_is_expected_on_a_connection_that_is_not_at_rest_i7(data: bytes) -> None:
    reader = ResponseReader()
    reader.expect("POST")
    reader.feed(data)
    reader.head()
    reader.take()
    with pytest.raises(Fault) as caught:
        reader.expect("POST")
    assert caught.value.code == "upstream_protocol"


def test_bytes_that_nobody_asked_for_i7_f22() -> None:
    reader = ResponseReader()
    reader.feed(answer(b"Content-Length: 0"))
    assert reader.head() is None
    with pytest.raises(Fault):
        reader.expect("POST")
    reader = ResponseReader()
    reader.expect("POST")
    reader.feed(answer(b"Content-Length: 0"))
    reader.head()
    assert reader.reusable
    reader.feed(b"H")
    assert not reader.reusable


def test_a_streamed_chunk_is_taken_in_the_turn_it_comes() -> None:
    reader = ResponseReader()
    reader.expect("POST")
    reader.feed(answer(b"Transfer-Encoding: chunked"))
    assert reader.head() is not None
    for text in (b"data: 1\n\n", b"data: 2\n\n"):
        reader.feed(b"%x\r\n%b\r\n" % (len(text), text))
        assert (reader.take(), reader.ended, reader.buffered) == (text, False, 0)
    reader.feed(b"0\r\n\r\n")
    assert (reader.take(), reader.ended, reader.reusable) == (b"", True, True)


@fuzz
@given(responses, cuts, st.sampled_from(["POST", "POST", "HEAD"]))
def test_answers_do_not_depend_on_the_cuts_i4(data: bytes, sizes: list[int], method: str) -> None:
    whole = read_response([data], method)
    for other in (read_response(cut(data, sizes), method), read_response(cut(data, [1]), method)):
        assert other[1:] == whole[1:]
        assert whole[2] or other[0] == whole[0]


def step(reader: ResponseReader, piece: bytes, begun: bool, at_a_stride: bool) -> tuple[Any, ...]:
    """All that can be seen of a reader after one more piece, read in either way."""
    head, body = None, None
    try:
        if at_a_stride and not begun:
            head, body = reader.begin(piece)
        else:
            reader.feed(piece)
            head = None if begun else reader.head()
        if body is None:
            body = reader.take()
    except Fault as fault:
        return fault.code, reader.reusable
    return head, body, reader.ended, reader.reusable, reader.buffered


def expected_of(reader: ResponseReader, method: str) -> str:
    try:
        reader.expect(method)
    except Fault as fault:
        return fault.code
    return ""


@fuzz
@given(responses, cuts | st.just([10000]), st.sampled_from(["POST", "POST", "POST", "HEAD"]))
@example(answer(b"Content-Length: 3", body=b"abc"), [10000], "POST")
@example(answer(b"Content-Length: 3", body=b"abc"), [10000], "HEAD")
@example(answer(b"Content-Length: 3", status=b"304 x", body=b"abc"), [10000], "POST")
@example(answer(b"Content-Length: 3", b"Connection: close", body=b"abc"), [10000], "POST")
@example(answer(b"Content-Length: 3", body=b"abcd"), [10000], "POST")
@example(answer(b"Content-Length: 3", body=b"ab"), [10000], "POST")
@example(answer(b"Content-Length: 0"), [10000], "POST")
@example(answer(b"Content-Length: 49", body=b"x" * 49), [10000], "POST")
@example(answer(status=b"100 Continue") + answer(b"Content-Length: 3", body=b"abc"), [10000], "POST")
def test_to_begin_at_a_stride_is_the_same_as_step_by_step(data: bytes, sizes: list[int], method: str) -> None:
    """Of two answers on one connection, whatever the first was."""
    plain, quick = ResponseReader(48), ResponseReader(48)
    for again in (data, answer(b"Content-Length: 3", body=b"abc")):
        begun = False
        assert expected_of(plain, method) == expected_of(quick, method)
        for piece in cut(again, sizes):
            expected = step(plain, piece, begun, at_a_stride=False)
            assert step(quick, piece, begun, at_a_stride=True) == expected
            begun = begun or (len(expected) > 2 and expected[0] is not None)


def test_begin_finds_no_answer_that_nobody_asked_for_i7() -> None:
    data = answer(b"Content-Length: 3", body=b"abc")
    reader = ResponseReader()
    assert reader.begin(data) == (None, None)
    reader = ResponseReader()
    reader.expect("POST")
    with pytest.raises(Fault):
        reader.eof()
    with pytest.raises(Fault) as caught:
        reader.begin(data)
    assert caught.value.code == "upstream_reset"


@fuzz
@given(responses, st.sampled_from(["POST", "POST", "HEAD"]))
def test_h11_reads_the_same_of_what_is_accepted_i3(data: bytes, method: str) -> None:
    head, body, code, reusable = read_response([data], method)
    if code:
        return
    peer = h11.Connection(h11.CLIENT)
    peer.send(h11.Request(method=method, target="/", headers=[("host", "h")]))
    peer.send(h11.EndOfMessage())
    peer.receive_data(data)
    peer.receive_data(b"")
    while isinstance(event := peer.next_event(), h11.InformationalResponse):
        pass
    assert isinstance(event, h11.Response)
    assert (event.status_code, event.http_version.decode(), list(event.headers)) == (
        head.status,
        head.version,
        list(head.headers),
    )
    received = b""
    while isinstance(event := peer.next_event(), h11.Data):
        received += event.data
    assert isinstance(event, h11.EndOfMessage)
    assert received == body
    if reusable:
        assert peer.trailing_data[0] == b""
        assert peer.their_state is h11.DONE


@pytest.mark.parametrize(
    "framing", [b"Transfer-Encoding: chunked\r\n\r\n8\r\nabcdefgh\r\n", b"\r\nabcdefgh", b"Content-Length: 8\r\n\r\nabcdefgh"]
)
@pytest.mark.parametrize("most", [7, 8])
def test_a_body_is_held_to_the_bound_of_its_request(framing: bytes, most: int) -> None:
    """F-25"""
    reader = ResponseReader()
    reader.expect("POST", most)
    reader.feed(b"HTTP/1.1 200 OK\r\n")
    reader.feed(framing)
    if most == 8:
        assert reader.head() is not None
        assert reader.take() == b"abcdefgh"
        return
    with pytest.raises(Fault, match="upstream_too_large"):
        list(map(partial(_read_on, reader), (b"", b"i")))


def _read_on(reader: ResponseReader, piece: bytes) -> None:
    reader.feed(piece)
    reader.head()
    reader.take()
