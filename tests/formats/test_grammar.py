from __future__ import annotations

from engine.formats.grammar import Report, document_of, events_of
from engine.wire.sse import Event


def test_violations_name_their_event() -> None:
    report = Report()
    assert report.expect(1, "never said")
    report.at = 3
    assert not report.expect("", "something is missing")
    assert report.violations == ["event 3: something is missing"]


def test_a_body_must_end_behind_an_event() -> None:
    for body, violations in ((b"data: 1\n\n", 0), (b"data: 1\r\n\r\n", 0), (b"data: 1\n", 1), (b"data: 1", 1)):
        report = Report()
        events_of(body, report)
        assert len(report.violations) == violations


def test_all_events_of_a_body() -> None:
    events = events_of(b"event: a\ndata: 1\n\n: comment\n\ndata: 2\n\n", Report())
    assert [(event.event, event.data) for event in events] == [("a", "1"), ("message", "2")]


def test_data_must_be_an_object() -> None:
    for data, document, violations in (('{"a":1}', {"a": 1}, 0), ("[1]", {}, 1), ("{", {}, 1)):
        report = Report()
        assert document_of(Event("message", data), report) == document
        assert len(report.violations) == violations
