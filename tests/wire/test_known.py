from __future__ import annotations

import pytest

from engine.faults import Fault
from engine.wire import known
from engine.wire.known import LONGEST, MOST, REQUEST_LINE, RESPONSE_LINE, FirstLines, Lines, StatusLines, Uncommon, Written


def test_a_line_is_judged_once_and_remembered() -> None:
    lines = Lines(REQUEST_LINE)
    assert lines[b"Accept: */*"] == (b"accept", b"*/*")
    assert b"Accept: */*" in lines
    assert lines[b"Accept: */*"] is lines[b"Accept: */*"]


@pytest.mark.parametrize(
    "line",
    [
        b"Authorization: Bearer canary", b"x-api-key: canary", b"X-Goog-Api-Key: canary", b"Cookie: a=canary",
        b"X-Request-Id: 12", b"cf-ray: now", b"a: " + b"b" * LONGEST,
    ],
)  # fmt: skip
def test_secrets_and_what_changes_each_time_are_not_kept(line: bytes) -> None:
    lines, written = Lines(REQUEST_LINE), Written()
    pair = lines[line]
    assert written[pair] == pair[0] + b": " + pair[1] + b"\r\n"
    assert not lines
    assert not written


@pytest.mark.parametrize(
    "line",
    [
        b"", b"no colon", b"a b: c", b"a_b: c", b"a : b", b" a: b", b"a:  b", b"a: b ", b"a:\tb", b"a: b\nc", b"a: b\rc",
        b"a: \x00",
        b"a: \x7f", b"host: a:99999", b"host: a/b", b"content-length: 01", b"content-length: +1", b"content-length: ",
        b"transfer-encoding: gzip", b"connection: upgrade", b"upgrade: websocket", b"expect: 100-continue",
    ],
)  # fmt: skip
def test_what_is_not_common_is_left_to_the_strict_profile(line: bytes) -> None:
    lines = Lines(REQUEST_LINE)
    with pytest.raises(Uncommon):
        lines[line]
    assert not lines


def test_names_of_responses_may_hold_an_underscore() -> None:
    assert Lines(RESPONSE_LINE)[b"x_y: z"] == (b"x_y", b"z")


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST <= 1 << 16
    monkeypatch.setattr(known, "MOST", 8)
    lines, written, first, status = Lines(REQUEST_LINE), Written(), FirstLines(), StatusLines()
    for i in range(100):
        assert status[b"HTTP/1.1 200 %d" % i] == 200
        pair = lines[b"a: %d" % i]
        assert written[pair] == b"a: %d\r\n" % i
        assert first[b"GET /%d HTTP/1.1" % i] == ("GET", f"/{i}", "")
        assert max(len(lines), len(written), len(first), len(status)) <= 8


def test_a_request_line_with_a_query_is_not_kept() -> None:
    first = FirstLines()
    assert first[b"POST /v1?key=canary HTTP/1.1"] == ("POST", "/v1", "key=canary")
    assert not first
    for line in (b"POST /v1 HTTP/1.0", b"BREW / HTTP/1.1", b"GET /a#b HTTP/1.1", b"GET  / HTTP/1.1", b"GET /\xff HTTP/1.1"):
        with pytest.raises(Uncommon):
            first[line]


@pytest.mark.parametrize(
    "pair", [(b"A", b"b"), (b"", b"b"), (b"a b", b"b"), (b"a", b"b\r\nc: d"), (b"a", b"\x00"), (b"a", b"\x7f")]
)
def test_what_cannot_be_sent_is_refused_i2(pair: tuple[bytes, bytes]) -> None:
    written = Written()
    with pytest.raises(Fault, match="internal"):
        written[pair]
    assert not written


def test_status_lines_of_the_common_shape() -> None:
    status = StatusLines()
    assert (status[b"HTTP/1.1 200 OK"], status[b"HTTP/1.1 503 "], len(status)) == (200, 503, 2)
    assert status[b"HTTP/1.1 200 " + b"x" * LONGEST] == 200
    assert len(status) == 2
    for line in (b"HTTP/1.1 101 x", b"HTTP/1.0 200 OK", b"HTTP/1.1 200", b"HTTP/1.1 099 x", b"HTTP/1.1 200 \x00", b""):
        with pytest.raises(Uncommon):
            status[line]


def test_what_is_not_the_askers_to_write_is_left_out_whatever_it_says() -> None:
    written = Written(frozenset({b"date"}))
    assert (written[b"date", b"\r\nx"], written[b"a", b"b"]) == (b"", b"a: b\r\n")
    assert list(written) == [(b"a", b"b")]
