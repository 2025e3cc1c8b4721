from __future__ import annotations

from engine.web import Headers


def test_look_up_gives_the_first_value_and_all_gives_every_one() -> None:
    headers = Headers([(b"a", b"1"), (b"b", b"2"), (b"a", b"3")])
    assert headers.get(b"a") == b"1"
    assert headers.all(b"a") == [b"1", b"3"]
    assert headers.get(b"c") is None
    assert headers.get(b"c", b"-") == b"-"
    assert b"b" in headers
    assert b"c" not in headers
    assert len(headers) == 3
    assert list(headers) == [(b"a", b"1"), (b"b", b"2"), (b"a", b"3")]


def test_equality_is_by_pairs_in_order() -> None:
    assert Headers([(b"a", b"1")]) == Headers(((b"a", b"1"),))
    assert Headers([(b"a", b"1"), (b"b", b"2")]) != Headers([(b"b", b"2"), (b"a", b"1")])


def test_headers_without_a_name_leave_the_others_and_the_original_alone() -> None:
    for first in (None, {b"a": b"1", b"b": b"2"}):
        headers = Headers([(b"a", b"1"), (b"b", b"2"), (b"a", b"3")], first)
        other = headers.without(b"a")
        assert (list(other), other.get(b"a"), other.get(b"b")) == ([(b"b", b"2")], None, b"2")
        assert (len(headers), headers.get(b"a")) == (3, b"1")


def test_what_is_looked_up_is_what_stands_first_in_the_list() -> None:
    pairs = [(b"a", b"1"), (b"b", b"2"), (b"a", b"3")]
    for headers in (Headers(pairs), Headers(iter(pairs)), Headers(tuple(pairs), {b"a": b"1", b"b": b"2"})):
        for name in (b"a", b"b", b"c"):
            assert headers.get(name, b"-") == next((value for key, value in headers if key == name), b"-")
