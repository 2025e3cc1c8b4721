"""Requests out of bytes: the same whatever the cuts (I4), nothing read after a fault (I1), read as h11 reads them (I3)."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.faults import Fault
from engine.settings import Limits
from engine.wire.reader import RequestReader
from tests.tools.wire_bytes import TIGHT, cut, cuts, fuzz, read_requests, requests

GET = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
POST = b"POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nx: y\r\n\r\n"


def read(data: bytes, limits: Limits = TIGHT) -> tuple[list[str], list[bytes], str]:
    """(paths, bodies, fault code), asserted to be the same whole and byte by byte."""
    whole = read_requests([data], limits)
    assert read_requests(cut(data, [1]), limits) == whole
    assert read_requests(cut(data, [7, 2]), limits) == whole
    return [head.path for head in whole[0]], whole[1], whole[2]


def test_requests_one_after_the_other() -> None:
    assert read(GET + POST + CHUNKED + GET) == (["/a", "/b", "/c", "/a"], [b"", b"hello", b"abcde", b""], "")


def test_a_thousand_pipelined_requests_f36() -> None:
    paths, bodies, code = read(POST * 1000)
    assert (len(paths), set(bodies), code) == (1000, {b"hello"}, "")


def test_a_whole_request_in_one_piece() -> None:
    reader = RequestReader(TIGHT)
    assert reader.idle
    reader.feed(POST + GET)
    assert not reader.idle
    head = reader.head()
    assert head is not None
    assert (head.path, reader.ended, reader.head()) == ("/b", False, None)
    assert (reader.take(), reader.ended, reader.take(), reader.buffered) == (b"hello", True, b"", len(GET))
    assert reader.head() is not None
    assert reader.idle
    assert reader.head() is None


def test_a_piece_of_a_body_is_handed_on_uncopied() -> None:
    reader = RequestReader(Limits())
    reader.feed(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 300\r\n\r\n")
    reader.head()
    piece = b"x" * 100
    reader.feed(piece)
    assert reader.take() is piece
    assert not reader.idle
    reader.feed(piece)
    reader.feed(piece + GET)
    assert (reader.take(), reader.ended, reader.buffered) == (piece * 2, True, len(GET))


@pytest.mark.parametrize(
    ("data", "paths", "code"),
    [
        (b"\r\n" + GET + b"\r\n" + GET, ["/a", "/a"], ""),  # RFC 9112 section 2.2: one empty line before a request
        (b"\r\n\r\n" + GET, [], "bad_request"),
        (b"\rX", [], "bad_request"),
        (b"\n" + GET, [], "bad_request"),
        (GET + b"\r\n", ["/a"], ""),
        (GET + b"\r", ["/a"], ""),
    ],
)
def test_empty_lines_before_a_request(data: bytes, paths: list[str], code: str) -> None:
    assert read(data) == (paths, [b""] * len(paths), code)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x16", "bad_request"),  # a TLS hello
        (b"\x80", "bad_request"),
        (b" ", "bad_request"),
        (b"\x00", "bad_request"),
        (b"GET / HTTP/1.1\n", "bad_request"),
        (b"GET / HTTP/1.1\r\nHost: h\n", "bad_request"),
        (b"GET /\r\n", "bad_request"),  # HTTP/0.9
        (b"SSH-2.0-OpenSSH_9\r\n", "bad_request"),
        (b"PRI * HTTP/2.0\r\n", "version_not_supported"),  # HTTP/2's preface
        (b"BREW / HTTP/1.1\r\n", "not_implemented"),
        (b"GET /" + b"a" * 40, "uri_too_long"),
        (b"GET / HTTP/1.1\r\nHost: h\r\nx: " + b"a" * 117, "head_too_large"),
        (b"A" * 400, "head_too_large"),
        (b"GET / HTTP/1.1\r\n" + b"a: bcd\r\n" * 48, "head_too_large"),
    ],
)
def test_what_no_further_byte_can_mend_is_refused_at_once(data: bytes, code: str) -> None:
    assert read(data) == ([], [], code)
    assert read(data + b"\r\n\r\n") == ([], [], code)
    assert read(data[:-1])[2] == ""


@pytest.mark.parametrize(
    ("target", "line", "head", "code"),
    [
        (41, 10, 10, "uri_too_long"),
        (40, 10, 10, ""),
        (10, 121, 10, "head_too_large"),
        (10, 120, 10, ""),
        (10, 110, 401, "head_too_large"),
        (10, 110, 400, ""),
        (41, 121, 401, "uri_too_long"),
        (40, 121, 401, "head_too_large"),
    ],
)
def test_limits_do_not_depend_on_the_cuts_f35_i4(target: int, line: int, head: int, code: str) -> None:
    data = b"GET /" + b"a" * (target - 1) + b" HTTP/1.1\r\nHost: h\r\nx: " + b"b" * (line - 5) + b"\r\n"
    while head - len(data) - 2 > 5:
        data += b"y:" + b"c" * max(min(head - len(data) - 6, 100), 0) + b"\r\n"
    assert read(data + b"\r\n")[2] == code
    if head >= 400 and target <= 40 and line <= 120:
        assert len(data) + 2 == head


def test_the_earliest_flaw_decides_i4() -> None:
    long_line = b"x: " + b"y" * 200 + b"\r\n"
    first = b"GET / HTTP/1.1\r\nHost: h\r\n"
    assert read(first + b"a: b\n" + long_line + b"\r\n")[2] == "bad_request"
    assert read(first + long_line + b"a: b\n\r\n")[2] == "head_too_large"
    # What takes the whole head to see comes after all that does not.
    assert read(first + b"a b\r\n" + long_line + b"\r\n")[2] == "head_too_large"


@pytest.mark.parametrize("framing", [b"Content-Length: 49\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n31\r\n"])
def test_a_body_over_its_limit_is_refused_when_announced_f35(framing: bytes) -> None:
    reader = RequestReader(TIGHT)
    reader.feed(b"POST /b HTTP/1.1\r\nHost: h\r\n" + framing)
    head = reader.head()
    assert head is not None
    assert head.path == "/b"
    with pytest.raises(Fault) as caught:
        reader.take()
    assert caught.value.code == "body_too_large"


def test_after_a_fault_nothing_is_read_i1() -> None:
    reader = RequestReader(TIGHT)
    reader.feed(b"GET / HTTP/1.1\r\n\r\n")
    codes = []
    for attempt in (reader.head, reader.take, reader.head):
        reader.feed(GET)
        with pytest.raises(Fault) as caught:
            attempt()
        codes.append((caught.value.code, caught.value.detail))
    assert codes == [("bad_request", "the Host field is missing")] * 3


def test_no_detail_repeats_what_the_client_sent() -> None:
    for data in (b"GET /s3cret#x HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: s3cret!\r\ns3cret_x: s3cret\r\n\r\n"):
        reader = RequestReader(TIGHT)
        reader.feed(data)
        with pytest.raises(Fault) as caught:
            reader.head()
        assert "s3cret" not in caught.value.message


@fuzz
@given(requests, cuts, st.sampled_from([TIGHT, Limits()]))
def test_heads_bodies_and_faults_do_not_depend_on_the_cuts_i4(data: bytes, sizes: list[int], limits: Limits) -> None:
    whole = read_requests([data], limits)
    assert read_requests(cut(data, [1]), limits) == whole
    assert read_requests(cut(data, sizes), limits) == whole


@fuzz
@given(requests)
def test_h11_reads_the_same_of_what_is_accepted_i3(data: bytes) -> None:
    reader = RequestReader(Limits())
    reader.feed(data)
    try:
        head = reader.head()
        body = reader.take()
    except Fault:
        return
    if head is None or not reader.ended:
        return
    peer = h11.Connection(h11.SERVER)
    peer.receive_data(data.removeprefix(b"\r\n"))
    request = peer.next_event()
    assert isinstance(request, h11.Request)
    target = request.target.decode()
    target = target if target.startswith(("/", "*")) else "/" + target.split("/", 3)[3] if target.count("/") > 2 else "/"
    assert (request.method.decode(), target.partition("?")[0]) == (head.method, head.path)
    assert (target.partition("?")[2] == head.query, request.http_version.decode()) == (True, head.version)
    length = {int(v) for n, v in request.headers if n == b"content-length"}
    assert length <= {head.length}
    assert [(n, v) for n, v in request.headers if n != b"content-length"] == list(head.headers)
    received = b""
    while isinstance(event := peer.next_event(), h11.Data):
        received += event.data
    assert isinstance(event, h11.EndOfMessage)
    assert (received, len(peer.trailing_data[0])) == (body, reader.buffered)
