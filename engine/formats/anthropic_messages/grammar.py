"""Anthropic Messages: the grammar of a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from engine.formats.grammar import Report, document_of, events_of
from engine.formats.tolerant import mapping

if TYPE_CHECKING:
    from engine.wire.sse import Event

# Which deltas belong into which block.
_DELTAS = {
    "text": {"text_delta", "citations_delta"},
    "tool_use": {"input_json_delta"},
    "thinking": {"thinking_delta", "signature_delta"},
    "redacted_thinking": set(),
}


def violations(body: bytes) -> list[str]:
    """What is wrong with a stream that ended in good order, [] for nothing."""
    report = Report()
    checker = _Checker(report)
    events = events_of(body, report)
    for report.at, event in enumerate(events):
        checker.see(event)
    report.expect(checker.state == "stopped", "no message_stop")
    return report.violations


class _Checker:
    def __init__(self, report: Report) -> None:
        self.report = report
        self.state = "new"
        self.next = 0  # index of the next block
        self.open = ""  # kind of the open block
        self.input = ""
        self.sealed = False

    def see(self, event: Event) -> None:
        told = document_of(event, self.report)
        kind = told.get("type")
        self.report.expect(event.event == kind, "the event's name is not its type")
        self.report.expect(self.state != "stopped", "an event behind message_stop")
        check = getattr(self, f"see_{kind}", None)
        if self.report.expect(check is not None, f"an event of type {kind}") and check is not None:
            check(told)

    def see_ping(self, told: dict[str, Any]) -> None: ...

    def see_message_start(self, told: dict[str, Any]) -> None:
        expect, message = self.report.expect, mapping(told.get("message"))
        expect(self.state == "new", "a second message_start")
        self.state = "begun"
        expect(message.get("content") == [] and message.get("stop_reason", 0) is None, "a message that does not begin empty")
        expect(all(message.get(field) for field in ("id", "model")) and message.get("role") == "assistant", "id, model or role")
        expect("input_tokens" in mapping(message.get("usage")), "message_start without usage")

    def see_content_block_start(self, told: dict[str, Any]) -> None:
        expect, block = self.report.expect, mapping(told.get("content_block"))
        expect(self.state == "begun", "a block outside the message")
        expect(not self.open, "a block begins within another")
        expect(told.get("index") == self.next, f"index {told.get('index')} where {self.next} is next")
        self.open, self.input, self.sealed = str(block.get("type")), "", False
        expect(self.open in _DELTAS, f"a block of type {self.open}")
        if self.open == "tool_use":
            expect(block.get("input") == {} and block.get("id") and block.get("name"), "a call without id, name or empty input")

    def see_content_block_delta(self, told: dict[str, Any]) -> None:
        expect, delta = self.report.expect, mapping(told.get("delta"))
        expect(self.open and told.get("index") == self.next, "a delta of a block that is not open")
        expect(delta.get("type") in _DELTAS.get(self.open, ()), f"{delta.get('type')} in a block of {self.open}")
        expect(not self.sealed, "a delta behind the signature")
        self.sealed = delta.get("type") == "signature_delta"
        self.input += str(delta.get("partial_json", ""))

    def see_content_block_stop(self, told: dict[str, Any]) -> None:
        expect = self.report.expect
        expect(self.open and told.get("index") == self.next, "the end of a block that is not open")
        if self.open == "tool_use" and self.input:
            try:
                parsed = orjson.loads(self.input)
            except orjson.JSONDecodeError:
                parsed = None
            expect(isinstance(parsed, dict), "a call's input is no JSON object")
        self.open = ""
        self.next += 1

    def see_message_delta(self, told: dict[str, Any]) -> None:
        expect, delta = self.report.expect, mapping(told.get("delta"))
        expect(self.state == "begun" and not self.open, "message_delta within a block, or twice")
        self.state = "ended"
        expect(delta.get("stop_reason"), "no stop_reason")
        expect("stop_sequence" in delta and "output_tokens" in mapping(told.get("usage")), "no stop_sequence or no usage")

    def see_message_stop(self, told: dict[str, Any]) -> None:  # noqa: ARG002
        self.report.expect(self.state == "ended", "message_stop without message_delta")
        self.state = "stopped"
