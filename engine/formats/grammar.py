"""Does a stream hold its format's grammar? For tests, and for whoever wants to look at a stream that was recorded.

Each format's `grammar.py` has a checker over whole events; this is what they share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from engine.wire.sse import EventReader

if TYPE_CHECKING:
    from engine.wire.sse import Event


class Report:
    """Violations in order, each with the number of its event (from 0)."""

    def __init__(self) -> None:
        self.violations: list[str] = []
        self.at = 0

    def expect(self, holds: object, says: str) -> bool:
        if not holds:
            self.violations.append(f"event {self.at}: {says}")
        return bool(holds)


def events_of(body: bytes, report: Report) -> list[Event]:
    """All events of a body that has ended."""
    report.expect(body.endswith((b"\n\n", b"\r\n\r\n")), "the body ends within an event")
    return EventReader().feed(body)


def document_of(event: Event, report: Report) -> dict[str, Any]:
    """The event's JSON object; {} with a violation when it is none."""
    try:
        document = orjson.loads(event.data)
    except orjson.JSONDecodeError:
        report.expect(False, "data that is no JSON")
        return {}
    report.expect(isinstance(document, dict), "data that is no object")
    return document if isinstance(document, dict) else {}
