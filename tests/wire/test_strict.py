"""The strict profile for requests: what passes, what does not, and with which fault (I1, I6, I9; F-35)."""

from __future__ import annotations

import pytest

from engine.faults import Fault
from engine.settings import Limits
from engine.wire.head import RequestHead
from engine.wire.strict import strict_request_head

LIMITS = Limits()


def head_of(*lines: bytes, first: bytes = b"GET / HTTP/1.1", host: bytes | None = b"Host: example.com") -> bytes:
    return b"\r\n".join([first, *([host] if host is not None else []), *lines]) + b"\r\n\r\n"


def read(head: bytes, limits: Limits = LIMITS) -> RequestHead:
    return strict_request_head(head, limits)


def code_of(head: bytes, limits: Limits = LIMITS) -> str:
    with pytest.raises(Fault) as caught:
        read(head, limits)
    return caught.value.code


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (b"x-a: b", b"b"),
        (b"x-a:b", b"b"),
        (b"X-A:\t b \t", b"b"),
        (b"x-a: b\tc", b"b\tc"),
        (b"x-a: caf\xc3\xa9 \xff", b"caf\xc3\xa9 \xff"),
        (b"x-a:", b""),
        (b"x-a: ", b""),
        (b'x-a: "quoted, \\" text"', b'"quoted, \\" text"'),
        (b"x-a: a:b:c", b"a:b:c"),
    ],
)
def test_a_valid_value_is_kept_without_the_space_around_it(line: bytes, value: bytes) -> None:
    assert read(head_of(line)).headers.get(b"x-a") == value


def test_any_other_token_character_may_be_in_a_name() -> None:
    assert read(head_of(b"!#$&'*+-.^`|~09azAZ: v")).headers.get(b"!#$&'*+-.^`|~09azaz") == b"v"


@pytest.mark.parametrize(
    "line",
    [
        b"x_a: b",  # read as x-a by CGI's descendants
        b"x%41: b",
        b"x a: b",
        b"x-a : b",
        b" x-a: b",
        b"\tx-a: b",
        b": b",
        b"x-a",
        b"",
        b"x(a): b",
        b"x\xe9: b",
        b"x-a: b\r\n folded",
        b"x-a: b\r\n\tfolded",
        b"x-a: b\rc",
        b"x-a: b\r\rc: d",
        b"x-a: \x00",
        b"x-a: \x0b",
        b"x-a: a\x7fb",
        b"x-a: b\nx-c: d",
    ],
)
def test_a_malformed_field_is_refused(line: bytes) -> None:
    assert code_of(head_of(line, b"x-z: end")) == "bad_request"


@pytest.mark.parametrize("byte", [b for b in range(0x20) if b != 0x09] + [0x7F])
def test_no_control_byte_stands_in_a_value(byte: int) -> None:
    assert code_of(head_of(b"x-a: a" + bytes([byte]) + b"b")) == "bad_request"


@pytest.mark.parametrize(
    ("first", "path", "query"),
    [
        (b"GET / HTTP/1.1", "/", ""),
        (b"GET /a?b?c=/ HTTP/1.1", "/a", "b?c=/"),
        (b"GET /a? HTTP/1.1", "/a", ""),
        (b'GET /%2e%2E/%zz/..//\\^{|}"<> HTTP/1.1', '/%2e%2E/%zz/..//\\^{|}"<>', ""),
        (b"OPTIONS * HTTP/1.1", "*", ""),
        (b"GET http://example.com/a?b HTTP/1.1", "/a", "b"),
        (b"GET HTTPS://EXAMPLE.com/a HTTP/1.1", "/a", ""),
        (b"GET http://example.com HTTP/1.1", "/", ""),
        (b"GET http://example.com?b HTTP/1.1", "/", "b"),
        (b"OPTIONS http://example.com HTTP/1.1", "*", ""),
        (b"DELETE //example.com/a HTTP/1.1", "//example.com/a", ""),
    ],
)
def test_the_path_is_the_raw_path_i9(first: bytes, path: str, query: str) -> None:
    head = read(head_of(first=first))
    assert (head.path, head.query) == (path, query)


@pytest.mark.parametrize(
    ("first", "code"),
    [
        (b"GET /a#b HTTP/1.1", "bad_request"),
        (b"GET /\xc3\xa9 HTTP/1.1", "bad_request"),
        (b"GET a HTTP/1.1", "bad_request"),
        (b"GET * HTTP/1.1", "bad_request"),
        (b"GET ? HTTP/1.1", "bad_request"),
        (b"GET  / HTTP/1.1", "bad_request"),
        (b"GET / HTTP/1.1 ", "bad_request"),
        (b"GET\t/ HTTP/1.1", "bad_request"),
        (b"GET /a b HTTP/1.1", "bad_request"),
        (b"GET /", "bad_request"),
        (b"GET / HTTP/1.10", "bad_request"),
        (b"GET / http/1.1", "bad_request"),
        (b"GET /\x00 HTTP/1.1", "bad_request"),
        (b" GET / HTTP/1.1", "bad_request"),
        (b"G(T / HTTP/1.1", "bad_request"),
        (b"GET http://other.example/ HTTP/1.1", "bad_request"),
        (b"GET http://example.com:80/ HTTP/1.1", "bad_request"),
        (b"GET http://u@example.com/ HTTP/1.1", "bad_request"),
        (b"GET ftp://example.com/ HTTP/1.1", "bad_request"),
        (b"GET http:///a HTTP/1.1", "bad_request"),
        (b"CONNECT example.com:443 HTTP/1.1", "not_implemented"),
        (b"get / HTTP/1.1", "not_implemented"),
        (b"TRACE / HTTP/1.1", "not_implemented"),
        (b"GETT / HTTP/1.1", "not_implemented"),
        (b"GET / HTTP/2.0", "version_not_supported"),
        (b"GET / HTTP/0.9", "version_not_supported"),
        (b"GET / HTTP/1.2", "version_not_supported"),
        (b"PRI * HTTP/2.0", "version_not_supported"),
    ],
)
def test_a_request_line_is_refused_with_its_own_fault(first: bytes, code: str) -> None:
    assert code_of(head_of(first=first)) == code


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_the_seven_methods(method: str) -> None:
    assert read(head_of(first=method.encode() + b" / HTTP/1.1")).method == method


@pytest.mark.parametrize(
    "host",
    [
        b"h",
        b"example.com:1",
        b"h:65535",
        b"10.0.0.1:8080",
        b"[::1]",
        b"[2001:db8::1]:443",
        b"[::ffff:1.2.3.4]",
        b"my_svc",
        b"a%2Db",
    ],
)
def test_a_valid_host_passes(host: bytes) -> None:
    assert read(head_of(host=b"Host: " + host)).headers.get(b"host") == host


@pytest.mark.parametrize(
    "host",
    [
        *(
            b"",
            b"h:",
            b"h:0",
            b"h:080",
            b"h:65536",
            b"h:99999",
            b"h:100000",
            b"h:x",
            b"h:-1",
            b"h:8 0",
            b":80",
            b"u@h",
            b"h/a",
            b"h?a",
        ),
        *(
            b"h#a",
            b"h\\a",
            b"a b",
            b"a%2",
            b"[::1",
            b"::1",
            b"[]",
            b"[::g]",
            b"[1::2::3]",
            b"[::1]x",
            b"[v1.a]",
            b"[fe80::1%25e]",
        ),
        *(b"h\xe9", b"http://h", b'"h"', b"h:1:2"),
    ],
)
def test_a_malformed_host_is_refused(host: bytes) -> None:
    assert code_of(head_of(host=b"Host: " + host)) == "bad_request"


def test_a_host_has_no_case() -> None:
    assert read(head_of(first=b"GET http://example.com/ HTTP/1.1", host=b"Host: EXAMPLE.com")).path == "/"


def test_host_is_required_in_1_1_only() -> None:
    assert code_of(head_of(host=None)) == "bad_request"
    assert read(head_of(first=b"GET / HTTP/1.0", host=None)).path == "/"
    assert code_of(head_of(first=b"GET http://h/ HTTP/1.0", host=None)) == "bad_request"


@pytest.mark.parametrize(
    "name", [b"Content-Length", b"Transfer-Encoding", b"Authorization", b"Content-Type", b"X-Api-Key", b"Host"]
)
def test_a_field_that_decides_is_single_and_not_the_connections(name: bytes) -> None:
    value = {b"Content-Length": b"5", b"Transfer-Encoding": b"chunked", b"Host": b"example.com"}.get(name, b"v")
    pair = name + b": " + value
    others = [] if name == b"Host" else [b"Host: example.com"]
    assert code_of(head_of(*others, pair, b"x-a: b", pair.lower(), host=None)) == "bad_request"
    assert code_of(head_of(*others, pair, b"Connection: keep-alive, " + name.lower(), host=None)) == "bad_request"
    head = read(head_of(*others, pair, host=None))
    if name == b"Content-Length":
        assert (head.length, head.headers.all(b"content-length")) == (5, [])
    else:
        assert head.headers.all(name.lower()) == [value]


def test_other_fields_may_be_several() -> None:
    assert read(head_of(b"Accept: a", b"accept: b")).headers.all(b"accept") == [b"a", b"b"]


@pytest.mark.parametrize(("value", "length"), [(b"0", 0), (b"5", 5), (b" 10\t", 10), (b"999999999999", 999999999999)])
def test_a_content_length(value: bytes, length: int) -> None:
    head = read(head_of(b"Content-Length: " + value))
    assert (head.length, head.chunked) == (length, False)


@pytest.mark.parametrize("value", [b"chunked", b"Chunked", b"CHUNKED\t"])
def test_chunked_in_any_case(value: bytes) -> None:
    head = read(head_of(b"Transfer-Encoding: " + value))
    assert (head.length, head.chunked, head.headers.get(b"transfer-encoding")) == (0, True, b"chunked")


def test_one_framing_only() -> None:
    assert code_of(head_of(b"Content-Length: 5", b"Transfer-Encoding: chunked")) == "bad_request"
    assert code_of(head_of(b"Transfer-Encoding: chunked", b"Content-Length: 0")) == "bad_request"
    assert code_of(head_of(b"Transfer-Encoding: chunked", first=b"POST / HTTP/1.0")) == "bad_request"


@pytest.mark.parametrize(
    ("first", "lines", "kept"),
    [
        (b"GET / HTTP/1.1", [], True),
        (b"GET / HTTP/1.1", [b"Connection: keep-alive"], True),
        (b"GET / HTTP/1.1", [b"Connection: Close"], False),
        (b"GET / HTTP/1.1", [b"Connection: te ,, CLOSE"], False),
        (b"GET / HTTP/1.1", [b"Connection: te", b"Connection: close"], False),
        (b"GET / HTTP/1.1", [b"Connection: closed"], True),
        (b"GET / HTTP/1.0", [], False),
        (b"GET / HTTP/1.0", [b"Connection: keep-alive"], False),
    ],
)
def test_http_1_0_is_never_kept_i8(first: bytes, lines: list[bytes], kept: bool) -> None:
    assert read(head_of(*lines, first=first)).keep_alive is kept


@pytest.mark.parametrize(
    ("first", "lines", "expects"),
    [
        (b"POST / HTTP/1.1", [b"Content-Length: 5", b"Expect: 100-continue"], True),
        (b"POST / HTTP/1.1", [b"Transfer-Encoding: chunked", b"Expect: 100-Continue"], True),
        (b"POST / HTTP/1.1", [b"Expect: 100-continue"], False),
        (b"POST / HTTP/1.1", [b"Content-Length: 0", b"Expect: 100-continue"], False),
        (b"POST / HTTP/1.0", [b"Content-Length: 5", b"Expect: 100-continue"], False),
        (b"POST / HTTP/1.0", [b"Content-Length: 5", b"Expect: anything"], False),
    ],
)
def test_100_continue_is_honoured_with_a_body_in_1_1_i6(first: bytes, lines: list[bytes], expects: bool) -> None:
    assert read(head_of(*lines, first=first)).expect_continue is expects


@pytest.mark.parametrize(
    "lines", [[b"Expect: 200-ok"], [b"Expect:"], [b"Expect: 100-continue, x"], [b"Expect: x=1"], [b"Expect: 100-continue"] * 2]
)
def test_another_expectation_fails_i6(lines: list[bytes]) -> None:
    assert code_of(head_of(b"Content-Length: 5", *lines)) == "expectation_failed"


def test_an_upgrade_is_ignored_without_a_body_and_refused_with_one() -> None:
    upgrade = [b"Connection: upgrade", b"Upgrade: websocket"]
    assert read(head_of(*upgrade)).keep_alive
    assert read(head_of(*upgrade, b"Content-Length: 0")).keep_alive
    assert code_of(head_of(*upgrade, b"Content-Length: 1")) == "bad_request"
    assert code_of(head_of(*upgrade, b"Transfer-Encoding: chunked")) == "bad_request"


def test_limits_are_exact_on_raw_bytes_f35() -> None:
    limits = Limits(head=100, line=40, target=20, fields=3)
    assert read(head_of(first=b"GET /" + b"a" * 19 + b" HTTP/1.1"), limits)
    assert code_of(head_of(first=b"GET /" + b"a" * 20 + b" HTTP/1.1"), limits) == "uri_too_long"
    assert read(head_of(b"x-a: " + b"b" * 33), limits)
    assert code_of(head_of(b"x-a: " + b"b" * 34), limits) == "head_too_large"
    assert read(head_of(b"a:", b"b:"), limits)
    assert code_of(head_of(b"a:", b"b:", b"c:"), limits) == "head_too_large"
    room = 100 - len(head_of(b"a:", b"b:"))
    assert read(head_of(b"a:" + b"x" * 20, b"b:" + b"x" * (room - 20)), limits)
    assert code_of(head_of(b"a:" + b"x" * 20, b"b:" + b"x" * (room - 19)), limits) == "head_too_large"


@pytest.mark.parametrize(
    "head", [b"", b"\r\n", b"\r\n\r\n", b"GET / HTTP/1.1\r\nHost: h\r\n", head_of() + b"x", b"\r\n" + head_of()]
)
def test_bytes_that_are_not_one_head_are_refused(head: bytes) -> None:
    assert code_of(head) == "bad_request"
