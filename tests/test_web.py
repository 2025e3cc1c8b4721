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
