"""Gemini generateContent: the grammar of a stream, as server-sent events or as one JSON array."""

from __future__ import annotations

from typing import Any

import orjson

from engine.formats.grammar import Report, document_of, events_of
from engine.formats.tolerant import mapping, sequence

_ONE_OF = ("text", "functionCall", "inlineData", "fileData", "executableCode", "codeExecutionResult")


def violations(body: bytes, sse: bool = True) -> list[str]:
    """What is wrong with a stream that ended in good order, [] for nothing."""
    report = Report()
    checker = _Checker(report)
    if sse:
        report.expect(b"\n:" not in body and not body.startswith(b":"), "a comment, which the SDK takes for broken JSON")
        report.expect(b"event:" not in body.split(b"data:")[0], "an event's name")
        documents = [document_of(event, report) for event in events_of(body, report)]
    else:
        documents = _array(body, report)
    for report.at, document in enumerate(documents):
        checker.see(document)
    checker.end()
    return report.violations


def _array(body: bytes, report: Report) -> list[dict[str, Any]]:
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        parsed = None
    report.expect(isinstance(parsed, list), "the body is no JSON array")
    return [mapping(each) for each in sequence(parsed)]


class _Checker:
    def __init__(self, report: Report) -> None:
        self.report = report
        self.seen: set[int] = set()
        self.finished: set[int] = set()
        self.counted = False

    def see(self, document: dict[str, Any]) -> None:
        expect = self.report.expect
        expect("error" not in document, "an error in a stream that ended well")
        expect(document.get("modelVersion"), "no modelVersion")
        self.counted = "usageMetadata" in document
        for candidate in map(mapping, sequence(document.get("candidates"))):
            index = candidate.get("index", 0)
            self.seen.add(index)
            content = mapping(candidate.get("content"))
            expect(content.get("role") == "model", "a content that is not the model's")
            for part in map(mapping, sequence(content.get("parts"))):
                self.part(part)
            if candidate.get("finishReason"):
                self.finished.add(index)

    def part(self, part: dict[str, Any]) -> None:
        expect = self.report.expect
        expect(sum(key in part for key in _ONE_OF) == 1, "a part that is not one thing")
        if "functionCall" in part:
            call = mapping(part["functionCall"])
            expect(call.get("name") and isinstance(call.get("args"), dict), "a call without name or args")

    def end(self) -> None:
        self.report.expect(self.seen and self.seen == self.finished, "an answer without a reason to finish")
        self.report.expect(self.counted, "the last event has no usageMetadata")
