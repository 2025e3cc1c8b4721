"""engine/server/framing.py: the framing of answers, as bytes."""

from __future__ import annotations

import pytest

from engine.faults import Fault
from engine.server.framing import has_body, write_stream_head, write_whole
from engine.web import Headers, Response
from engine.wire.head import RequestHead

DATE = b"date: now\r\n"


def asked(method: str = "GET", version: str = "1.1") -> RequestHead:
    return RequestHead(method, "/", "", Headers(), version)


def test_a_whole_answer_is_one_piece() -> None:
    answer = write_whole(Response(200, [(b"x", b"y")], b"body"), asked(), True, DATE)
    assert answer == b"HTTP/1.1 200 OK\r\nx: y\r\ncontent-length: 4\r\ndate: now\r\n\r\nbody"


def test_an_empty_answer_says_so() -> None:
    assert b"content-length: 0\r\n" in write_whole(Response(200), asked(), True, DATE)


def test_head_gets_the_length_and_no_body() -> None:
    answer = write_whole(Response(200, [], b"body"), asked("HEAD"), True, DATE)
    assert answer.endswith(b"content-length: 4\r\ndate: now\r\n\r\n")


@pytest.mark.parametrize("status", [204, 304])
def test_204_and_304_have_neither_length_nor_body(status: int) -> None:
    answer = write_whole(Response(status, [], b"body"), asked(), True, DATE)
    assert b"content-length" not in answer
    assert answer.endswith(b"\r\n\r\n")
    assert not has_body(status, asked())
    assert b"transfer-encoding" not in write_stream_head(Response(status), asked(), True, DATE)


@pytest.mark.parametrize(
    ("version", "keep", "connection"),
    [("1.1", True, None), ("1.1", False, b"close"), ("1.0", True, b"keep-alive"), ("1.0", False, b"close")],
)
def test_the_connection_field_says_what_the_version_does_not(version: str, keep: bool, connection: bytes | None) -> None:
    answer = write_whole(Response(200), asked(version=version), keep, DATE)
    assert answer.startswith(b"HTTP/1.1 ")
    found = [line for line in answer.split(b"\r\n") if line.startswith(b"connection")]
    assert found == ([b"connection: " + connection] if connection else [])


def test_what_was_never_a_request_is_answered_with_a_body() -> None:
    answer = write_whole(Response(400, [], b"no"), None, False, DATE)
    assert answer.endswith(b"connection: close\r\n\r\nno")


def test_framing_fields_of_others_are_left_out_i2() -> None:
    theirs = [
        (b"content-length", b"9"),
        (b"transfer-encoding", b"gzip"),
        (b"connection", b"x"),
        (b"date", b"then"),
        (b"x", b"y"),
    ]
    theirs.append((b"date", b"then"))
    answer = write_whole(Response(200, theirs, b"body"), asked(), True, DATE)
    assert answer == b"HTTP/1.1 200 OK\r\nx: y\r\ncontent-length: 4\r\ndate: now\r\n\r\nbody"


def test_the_answers_own_headers_are_not_changed() -> None:
    response = Response(200, [(b"x", b"y")])
    write_whole(response, asked(), True, DATE)
    assert response.headers == [(b"x", b"y")]


@pytest.mark.parametrize(("version", "chunked"), [("1.1", True), ("1.0", False)])
def test_a_stream_is_chunked_or_ended_by_the_connection(version: str, chunked: bool) -> None:
    head = write_stream_head(Response(200), asked(version=version), chunked, DATE)
    assert (b"transfer-encoding: chunked\r\n" in head) == chunked
    assert (b"connection: close\r\n" in head) != chunked
    assert b"content-length" not in head


def test_an_illegal_header_is_our_own_mistake_i2() -> None:
    with pytest.raises(Fault, match="internal"):
        write_whole(Response(200, [(b"x", b"a\nb")]), asked(), True, DATE)
