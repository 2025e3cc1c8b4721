"""Field lines on raw bytes; the whole grammar is shown through test_strict.py and test_strict_response.py."""

from __future__ import annotations

import pytest

from engine.wire.fields import CONTENT_LENGTH, HOST, listed, read_request_field, read_response_field


@pytest.mark.parametrize(
    ("line", "request_pair", "response_pair"),
    [
        (b"X-A:\t b c\t ", (b"x-a", b"b c"), (b"x-a", b"b c")),
        (b"X_A: b", None, (b"x_a", b"b")),
        (b"X%41: b", None, (b"x%41", b"b")),
        (b"X A: b", None, None),
        (b"X-A: b\r", None, None),
        (b" X-A: b", None, None),
        (b"", None, None),
    ],
)
def test_a_field_line(line: bytes, request_pair: object, response_pair: object) -> None:
    assert (read_request_field(line), read_response_field(line)) == (request_pair, response_pair)


def test_a_long_value_costs_no_more_than_its_length() -> None:
    # A pattern that tries again at every white space would not come to its end.
    spaces = b" \t" * 30_000
    assert read_request_field(b"x:" + spaces + b"\x00") is None
    assert read_request_field(b"x: a" + spaces + b"\x00") is None
    assert read_request_field(b"x:" + b"a " * 30_000 + b"b") == (b"x", b"a " * 30_000 + b"b")


def test_members_of_a_list() -> None:
    assert listed([b" Close ,, TE", b"", b"\tx"]) == [b"close", b"te", b"x"]


def test_numbers_and_hosts() -> None:
    assert [bool(CONTENT_LENGTH.fullmatch(text)) for text in (b"0", b"10", b"00", b"1" * 12, b"1" * 13)] == [1, 1, 0, 1, 0]
    assert [bool(HOST.fullmatch(text)) for text in (b"h", b"h:65535", b"h:65536", b"[::1]:1", b"", b"h:")] == [1, 1, 0, 1, 0, 0]
