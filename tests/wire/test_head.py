"""Recognisers agree with the strict profile and with plain h11 on all they take; writers write nothing else (I2, I3)."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.faults import Fault
from engine.settings import Limits
from engine.wire.head import (
    read_request_head,
    read_response_head,
    recognise_request,
    recognise_response,
    write_request_head,
    write_response_head,
)
from engine.wire.strict import strict_request_head, strict_response_head
from tests.tools.wire_bytes import fuzz, request_heads, response_heads

LIMITS = Limits()

SDK = (
    b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAccept-Encoding: gzip, deflate\r\n"
    b"Connection: keep-alive\r\n"
    b"Accept: application/json\r\nContent-Type: application/json\r\nUser-Agent: OpenAI/Python 1.99.1\r\n"
    b"X-Stainless-Lang: python\r\n"
    b"X-Stainless-Package-Version: 1.99.1\r\nX-Stainless-OS: Linux\r\nX-Stainless-Arch: x64\r\nX-Stainless-Runtime: CPython\r\n"
    b"X-Stainless-Runtime-Version: 3.11.7\r\nAuthorization: Bearer sk-0123456789\r\nContent-Length: 100\r\n\r\n"
)
PROVIDER = (
    b"HTTP/1.1 200 OK\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
    b"Transfer-Encoding: chunked\r\nConnection: keep-alive\r\nx_request_id: req_1\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\n\r\n"
)


@pytest.mark.parametrize(
    "head",
    [
        SDK,
        b"GET / HTTP/1.1\r\nhost: h\r\n\r\n",
        b"GET /models?limit=5?&x HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\nAccept:\r\n\r\n",
        b"PUT /a HTTP/1.1\r\nTransfer-Encoding:chunked\r\nHost: h:1\r\nX: caf\xc3\xa9\r\n\r\n",
    ],
)
def test_the_common_request_is_recognised(head: bytes) -> None:
    assert recognise_request(head) == strict_request_head(head, LIMITS) == read_request_head(head, LIMITS)


@pytest.mark.parametrize(
    "head", [PROVIDER, b"HTTP/1.1 200 \r\n\r\n", b"HTTP/1.1 404 Not Found\r\nContent-Length: 12\r\nConnection: close\r\n\r\n"]
)
def test_the_common_response_is_recognised(head: bytes) -> None:
    assert recognise_response(head) == strict_response_head(head) == read_response_head(head)


@pytest.mark.parametrize(
    "junk", [b"", b"\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", SDK[:-2], SDK + b"x", SDK + b"\r\n", SDK[:-4] + b"\n\n"]
)
def test_what_is_not_one_common_head_is_not_recognised(junk: bytes) -> None:
    assert recognise_request(junk) is None
    assert recognise_response(junk.replace(b"POST /v1/chat/completions HTTP/1.1", b"HTTP/1.1 200 OK")) is None


@fuzz
@given(st.one_of(request_heads, st.binary(max_size=6).map(lambda odd: SDK[:200] + odd + SDK[200:])))
def test_what_a_recogniser_takes_of_requests_is_valid_and_the_same(head: bytes) -> None:
    read = recognise_request(head)
    if read is not None:
        assert strict_request_head(head, LIMITS) == read


@fuzz
@given(st.one_of(response_heads, st.binary(max_size=6).map(lambda odd: PROVIDER[:60] + odd + PROVIDER[60:])))
def test_what_a_recogniser_takes_of_responses_is_valid_and_the_same(head: bytes) -> None:
    read = recognise_response(head)
    if read is not None:
        assert strict_response_head(head) == read


@pytest.mark.parametrize("place", [0, 5, 34, 36, 40, 41, 42, 55, 64, 82, 83, len(SDK) - 4, len(SDK) - 2, len(SDK)])
def test_one_odd_byte_anywhere_is_judged_alike(place: int) -> None:
    for byte in range(256):
        for head in (SDK[:place] + bytes([byte]) + SDK[place:], SDK[:place] + bytes([byte]) + SDK[place + 1 :]):
            read = recognise_request(head)
            assert read is None or strict_request_head(head, LIMITS) == read


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (Limits(head=len(SDK) - 1), "head_too_large"),
        (Limits(line=30), "head_too_large"),
        (Limits(fields=13), "head_too_large"),
        (Limits(target=19), "uri_too_long"),
    ],
)
def test_limits_hold_for_heads_that_would_be_recognised_f35(limits: Limits, code: str) -> None:
    with pytest.raises(Fault) as caught:
        read_request_head(SDK, limits)
    assert caught.value.code == code
    assert read_request_head(SDK, Limits(head=len(SDK), line=40, target=20, fields=14)) == recognise_request(SDK)


@pytest.mark.parametrize(
    "line",
    [
        *(b"Accept:  a", b"Accept: a ", b"Accept:\ta", b"Accept: a\t", b"Accept:", b"Accept: ", b"Accept:  ", b"Accept: a:  b"),
        *(
            b"Upgrade: h2c",
            b"Expect: 100-continue",
            b"Expect: x",
            b"Connection: close, te",
            b"Connection: host",
            b"Connection: CLOSE",
        ),
        *(b"Accept: a\r\naccept: b", b"Authorization: a\r\nauthorization: b", b"Host: i", b"x_y: z", b"x%79: z", b"x!: z"),
    ],
)
@pytest.mark.parametrize("framing", [b"", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_odd_fields_are_read_alike(line: bytes, framing: bytes) -> None:
    fields = b"Host: h\r\n" + framing + line + b"\r\n\r\n"
    for head in (b"POST / HTTP/1.1\r\n" + fields, b"POST / HTTP/1.1\r\n" + line + b"\r\n" + fields):
        read = recognise_request(head)
        assert read is None or strict_request_head(head, LIMITS) == read
    answer = recognise_response(b"HTTP/1.1 200 OK\r\n" + fields)
    assert answer is None or strict_response_head(b"HTTP/1.1 200 OK\r\n" + fields) == answer


@pytest.mark.parametrize(
    "host", [b"", b"h:0", b"h:00", b"h:9", b"h:9999", b"h:65535", b"h:65536", b"h:", b"h_i", b"[::1]", b"h,i", b"@"]
)
def test_hosts_are_read_alike(host: bytes) -> None:
    head = b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n"
    read = recognise_request(head)
    assert read is None or strict_request_head(head, LIMITS) == read


NAMES = st.from_regex(rb"[a-z0-9-]{1,12}", fullmatch=True).map(lambda name: b"x-" + name)
VALUES = st.from_regex(rb"([!-~\x80-\xff]([\t -~\x80-\xff]{0,20}[!-~\x80-\xff])?)?", fullmatch=True)
PAIRS = st.lists(st.tuples(NAMES, VALUES), max_size=6)


@fuzz
@given(st.from_regex(r"/[!\"$-~]{0,20}", fullmatch=True), PAIRS)
def test_what_is_written_as_a_request_reads_back_i2_i3(target: str, pairs: list[tuple[bytes, bytes]]) -> None:
    head = write_request_head("POST", target, [(b"host", b"h"), (b"content-length", b"3"), *pairs])
    read = read_request_head(head, LIMITS)
    peer = h11.Connection(h11.SERVER)
    peer.receive_data(head)
    event = peer.next_event()
    assert isinstance(event, h11.Request)
    assert (event.method, event.target) == (b"POST", target.encode())
    assert list(event.headers) == [(b"host", b"h"), (b"content-length", b"3"), *pairs]
    assert (read.length, list(read.headers)) == (3, [(b"host", b"h"), *pairs])


@fuzz
@given(st.integers(200, 599), PAIRS)
def test_what_is_written_as_a_response_reads_back_i2_i3(status: int, pairs: list[tuple[bytes, bytes]]) -> None:
    read = read_response_head(write_response_head(status, [(b"content-length", b"3"), *pairs]))
    assert (read.status, list(read.headers)) == (status, [(b"content-length", b"3"), *pairs])


@pytest.mark.parametrize(
    "pair",
    [
        *((b"", b"v"), (b"X-A", b"v"), (b"x_a", b"v"), (b"x-a:", b"v"), (b"x-a: b", b"v"), (b"x a", b"v"), (b"x\r\ny", b"v")),
        *((b"x-a", b"v\r\ny: z"), (b"x-a", b"\n"), (b"x-a", b"\r"), (b"x-a", b"\x00"), (b"x-a", b"\x1b[0m"), (b"x-a", b"\x7f")),
    ],
)
def test_no_byte_out_of_place_is_written_i2(pair: tuple[bytes, bytes]) -> None:
    good = (b"x-b", b"w")
    for pairs in ([pair], [good, pair], [pair, good]):
        for write in (lambda pairs: write_request_head("GET", "/", pairs), lambda pairs: write_response_head(200, pairs)):
            with pytest.raises(Fault) as caught:
                write(pairs)
            assert caught.value.code == "internal"


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "a"),
        ("GET", "/a b"),
        ("GET", "/\r\n"),
        ("GET", "/é"),
        ("GET", "/#"),
        ("get", "/"),
        ("G T", "/"),
        ("", "/"),
        ("GET", ""),
    ],
)
def test_no_odd_request_line_is_written_i2(method: str, target: str) -> None:
    with pytest.raises(Fault) as caught:
        write_request_head(method, target, [])
    assert caught.value.code == "internal"


def test_status_lines() -> None:
    assert write_response_head(200, []) == b"HTTP/1.1 200 OK\r\n\r\n"
    assert write_response_head(529, [(b"a", b"b")], "1.0") == b"HTTP/1.0 529 \r\na: b\r\n\r\n"
    for status, version in ((99, "1.1"), (600, "1.1"), (200, "2.0")):
        with pytest.raises(Fault):
            write_response_head(status, [], version)
