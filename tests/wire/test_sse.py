"""Server-sent events by the rules of WHATWG HTML section 9.2.6, however they are cut (reliability 1.5)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.faults import Fault
from engine.wire.sse import Event, EventReader, write_event
from tests.tools.wire_bytes import cut, cuts, fuzz


def read(data: bytes, sizes: list[int] | None = None) -> list[Event]:
    reader = EventReader()
    return [event for piece in cut(data, sizes or [len(data) or 1]) for event in reader.feed(piece)]


def of(*data: str) -> list[Event]:
    return [Event("message", text) for text in data]


@pytest.mark.parametrize(
    ("data", "events"),
    [
        (b"data: a\n\n", of("a")),
        (b"data:a\n\n", of("a")),
        (b"data:  a\n\n", of(" a")),
        (b"data: a\r\n\r\n", of("a")),
        (b"data: a\r\r", of("a")),
        (b"data: a\r\ndata: b\r\n\r\ndata: c\rdata: d\r\r", of("a\nb", "c\nd")),
        (b"data: a\r\n\ndata: b\n\r\ndata: c\r\r\n", of("a", "b", "c")),
        (b"data: a\ndata: b\ndata\ndata:\n\n", of("a\nb\n\n")),
        (b"data\n\n", of("")),
        (b"data:\n\n", of("")),
        (b"data: a", []),
        (b"data: a\n", []),
        (b"\xef\xbb\xbfdata: a\n\ndata: b\n\n", of("a", "b")),
        (b"data: a\n\n\xef\xbb\xbfdata: b\n\n", of("a")),
        (b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n", []),
        (b": comment\ndata: a\n:\n\n: ping\n\n", of("a")),
        (b"event: x\n\ndata: a\n\n", of("a")),
        (b"event: x\ndata: a\n\ndata: b\n\n", [Event("x", "a"), Event("message", "b")]),
        (b"event: x\nevent: y\ndata: a\n\n", [Event("y", "a")]),
        (b"id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n", [Event("message", "a", "1"), Event("message", "b", "1"), *of("c")]),
        (b"id: 1\nid: 2\0\ndata: a\n\n", [Event("message", "a", "1")]),
        (b"id: 7\n\ndata: a\n\n", [Event("message", "a", "7")]),
        (b"retry: 10\nfoo: bar\nDATA: x\n data: y\ndata : z\ndata: a: b\n\n", of("a: b")),
        (b"data: \xff\xc3\n\n", of("\ufffd\ufffd")),
        ("data: caf\xe9 \u2028 \x0b \x85 \U0001f600\n\n".encode(), of("caf\xe9 \u2028 \x0b \x85 \U0001f600")),
        (b"\n\n\n", []),
        (b"", []),
    ],
)
def test_the_rules(data: bytes, events: list[Event]) -> None:
    assert read(data) == read(data, [1]) == read(data, [2, 3]) == events


_PARTS = [
    b"data: a\n",
    b"data:b",
    b"data: d\r\n",
    b"\n",
    b"\r",
    b"\r\n",
    b"\n\n",
    b"event: x\n",
    b"id: 1\r",
    b": c\n",
    "é\U0001f600".encode(),
    b"\xef\xbb\xbf",
    b"\xff",
]


@fuzz
@given(st.lists(st.sampled_from(_PARTS), max_size=14).map(b"".join), cuts)
def test_events_do_not_depend_on_the_cuts(data: bytes, sizes: list[int]) -> None:
    assert read(data, sizes) == read(data, [1]) == read(data)


@fuzz
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), st.sampled_from([None, "x", "message_stop"]), cuts)
def test_what_is_written_reads_back(data: str, event: str | None, sizes: list[int]) -> None:
    lines = data.replace("\r\n", "\n").replace("\r", "\n")
    assert read(write_event(data, event), sizes) == [Event(event or "message", lines)]
    assert write_event(data.encode(), event) == write_event(data, event)


def test_what_is_written_is_one_event_whatever_it_holds() -> None:
    hostile = "a\n\nevent: error\ndata: b\r\rdata: c"
    assert read(write_event(hostile)) == of("a\n\nevent: error\ndata: b\n\ndata: c")
    assert write_event('{"a":1}', "x") == b'event: x\ndata: {"a":1}\n\n'
    for name in ("x\ny", "x\ry"):
        with pytest.raises(Fault) as caught:
            write_event("a", name)
        assert caught.value.code == "internal"


@pytest.mark.parametrize("piece", [b"x" * 10, b"data: xxxx\n", b":" * 11])
def test_an_event_without_end_does_not_fill_the_memory(piece: bytes) -> None:
    reader = EventReader(limit=100)
    for _ in range(100 // len(piece)):
        assert reader.feed(piece) == []
    with pytest.raises(Fault) as caught:
        reader.feed(piece * 30)
    assert caught.value.code == "upstream_too_large"


def test_an_empty_piece_changes_nothing() -> None:
    reader = EventReader()
    assert [reader.feed(piece) for piece in (b"data: a\r", b"", b"\ndata: b\r", b"", b"\r")] == [[], [], [], [], of("a\nb")]


def test_many_events_are_not_one_large_event() -> None:
    reader = EventReader(limit=100)
    assert sum(len(reader.feed(b"data: " + b"x" * 80 + b"\n\n")) for _ in range(10)) == 10
