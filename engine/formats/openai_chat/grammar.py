"""OpenAI Chat Completions: the grammar of a stream."""

from __future__ import annotations

from typing import Any

from engine.formats.grammar import Report, document_of, events_of
from engine.formats.tolerant import mapping, sequence

_FIXED = ("id", "object", "created", "model")


def violations(body: bytes, wants_usage: bool = False) -> list[str]:
    """What is wrong with a stream that ended in good order, [] for nothing."""
    report = Report()
    events = events_of(body, report)
    report.expect(events and events[-1].data == "[DONE]", "it does not end with [DONE]")
    checker = _Checker(report, wants_usage)
    for report.at, event in enumerate(events[:-1]):
        if report.expect(event.data != "[DONE]", "[DONE] before the end"):
            checker.see(document_of(event, report))
    checker.end()
    return report.violations


class _Checker:
    def __init__(self, report: Report, wants_usage: bool) -> None:
        self.report = report
        self.wants_usage = wants_usage
        self.first: dict[str, Any] = {}
        self.begun: set[int] = set()
        self.finished: set[int] = set()
        self.calls: dict[int, int] = {}  # answer -> calls so far
        self.counted = False

    def see(self, chunk: dict[str, Any]) -> None:
        expect = self.report.expect
        expect("error" not in chunk, "an error in a stream that ended well")
        self.first = self.first or chunk
        for field in _FIXED:
            expect(chunk.get(field) == self.first.get(field) and field in chunk, f"`{field}` is missing or changes")
        expect(chunk.get("object") == "chat.completion.chunk", "`object` is not chat.completion.chunk")
        expect(not self.counted, "a chunk behind the one with the tokens")
        choices = sequence(chunk.get("choices"))
        if not choices:
            self.counted = True
            expect(self.wants_usage and chunk.get("usage"), "a chunk without choices and without tokens, or tokens unasked")
        for choice in map(mapping, choices):
            self.choice(choice)

    def choice(self, choice: dict[str, Any]) -> None:
        expect, index, delta = self.report.expect, choice.get("index"), mapping(choice.get("delta"))
        if not expect(isinstance(index, int) and index >= 0, "a choice without an index"):
            return
        assert isinstance(index, int)
        expect(index not in self.finished, "a chunk of an answer that has ended")
        expect(("role" in delta) == (index not in self.begun), "`role` must be in the first chunk of an answer, and only there")
        self.begun.add(index)
        expect("tool_calls" not in delta or delta["tool_calls"], "an empty list of calls")
        for call in map(mapping, sequence(delta.get("tool_calls"))):
            self.call(index, call)
        expect("finish_reason" in choice, "`finish_reason` is missing")
        if choice.get("finish_reason") is not None:
            self.finished.add(index)

    def call(self, index: int, call: dict[str, Any]) -> None:
        expect, known, place = self.report.expect, self.calls.get(index, 0), call.get("index")
        expect(isinstance(place, int) and 0 <= place <= known, "a call's index is not the next or an earlier one")
        if place == known:
            self.calls[index] = known + 1
            told = mapping(call.get("function")) or mapping(call.get("custom"))
            expect(call.get("id") and call.get("type") and told.get("name"), "a call begins without id, type or name")
        else:
            expect("id" not in call, "a call's id comes twice")

    def end(self) -> None:
        self.report.expect(self.begun == self.finished, "an answer does not end")
        self.report.expect(self.counted == self.wants_usage, "tokens are missing, or were not asked for")
