"""OpenAI Responses: the grammar of a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.formats.grammar import Report, document_of, events_of
from engine.formats.openai_responses.words import CALLS
from engine.formats.tolerant import mapping, sequence

if TYPE_CHECKING:
    from engine.wire.sse import Event

_ENDS = ("completed", "incomplete")
# Kinds of parts: the events' names, and the member that holds what was said.
_PARTS = {"output_text": ("output_text", "text"), "refusal": ("refusal", "refusal")}
_REQUIRED = (
    "id", "object", "created_at", "status", "model", "output", "parallel_tool_calls", "tool_choice", "tools", "error",
    "incomplete_details", "instructions", "metadata", "temperature", "top_p",
)  # fmt: skip


def violations(body: bytes) -> list[str]:
    """What is wrong with a stream that ended in good order, [] for nothing."""
    report = Report()
    checker = _Checker(report)
    events = events_of(body, report)
    for report.at, event in enumerate(events):
        checker.see(event)
    report.expect(checker.state == "ended", "no end of the response")
    return report.violations


class _Checker:
    def __init__(self, report: Report) -> None:
        self.report = report
        self.state = "new"
        self.id: object = None
        self.output: list[dict[str, Any]] = []  # the items that are done
        self.item: dict[str, Any] | None = None  # the open one
        self.parts: list[dict[str, Any]] = []  # of the open item: those that are done
        self.part: dict[str, Any] | None = None
        self.said = ""
        self.cited: list[Any] = []
        self.settled = False  # has the open call told its arguments?

    def see(self, event: Event) -> None:
        expect, told = self.report.expect, document_of(event, self.report)
        kind = str(told.get("type"))
        expect(event.data != "[DONE]", "[DONE], which this format does not have")
        expect(event.event == kind, "the event's name is not its type")
        expect(told.get("sequence_number") == self.report.at, "a gap in the sequence numbers")
        expect(self.state != "ended", "an event behind the end")
        name = kind.removeprefix("response.")
        if name in ("created", "in_progress", *_ENDS):
            self.see_response(name, mapping(told.get("response")))
            return
        expect(self.state == "in_progress", "an item before response.in_progress")
        check = getattr(self, "see_" + name.replace(".", "_"), None)
        if expect(check is not None, f"an event of type {kind}") and check is not None:
            expect(told.get("output_index") == len(self.output), f"output_index {told.get('output_index')}")
            if not name.startswith("output_item."):
                known = self.item or {}
                expect(self.item is not None and told.get("item_id") == known.get("id"), "an event of an item that is not open")
            check(told)

    def see_response(self, name: str, response: dict[str, Any]) -> None:
        expect = self.report.expect
        before = {"created": "new", "in_progress": "created"}.get(name, "in_progress")
        expect(self.state == before, f"response.{name} in a stream that is {self.state}")
        self.id = self.id or response.get("id")
        expect(self.id and response.get("id") == self.id, "the response's id changes")
        expect(all(field in response for field in _REQUIRED), "fields of the response are missing")
        if name not in _ENDS:
            self.state = name
            expect(response.get("status") == "in_progress" and response.get("output") == [], "it does not begin empty")
            return
        self.state = "ended"
        expect(self.item is None, "an item is still open")
        expect(response.get("status") == name, "the status is not the event's")
        expect(bool(response.get("incomplete_details")) == (name == "incomplete"), "incomplete_details")
        expect(response.get("output") == self.output, "the output is not what the items said")
        expect(isinstance(response.get("usage"), (dict, type(None))) and "usage" in response, "no usage")

    def see_output_item_added(self, told: dict[str, Any]) -> None:
        expect, item = self.report.expect, mapping(told.get("item"))
        expect(self.item is None, "an item begins within another")
        self.item, self.parts, self.said, self.settled = item, [], "", False
        expect(item.get("id") and item.get("status") == "in_progress", "an item without id or status")
        expect(all(item.get("id") != done.get("id") for done in self.output), "an id that another item has")
        kind = str(item.get("type"))
        if kind in CALLS:
            expect(item.get("call_id") and item.get("name") and item.get(CALLS[kind]) == "", "a call that does not begin empty")
        elif kind == "message":
            expect(item.get("content") == [] and item.get("role") == "assistant", "a message that does not begin empty")
        else:
            expect(kind == "reasoning" and item.get("summary") == [], f"an item of type {kind}")

    def see_output_item_done(self, told: dict[str, Any]) -> None:
        expect, item, begun = self.report.expect, mapping(told.get("item")), self.item or {}
        expect(self.item is not None and self.part is None, "the end of an item that is not open, or within a part")
        expect(item.get("status") in _ENDS, "an item that is done has no status")
        expect(all(item.get(key) == begun.get(key) for key in ("id", "type", "call_id", "name")), "an item changes")
        kind = str(item.get("type"))
        if kind in CALLS:
            expect(self.settled and item.get(CALLS[kind]) == self.said, "a call's arguments are not what the deltas said")
        else:
            word = "content" if kind == "message" else "summary"
            expect(sequence(item.get(word)) == self.parts, "an item is not what its parts said")
            expect(kind != "message" or item.get("content"), "an empty message")
        self.output.append(item)
        self.item = None

    def see_content_part_added(self, told: dict[str, Any]) -> None:
        self._begin("content_index", told)
        expect, part = self.report.expect, mapping(told.get("part"))
        kind = str(part.get("type"))
        expect((self.item or {}).get("type") == "message", "content of an item that is no message")
        expect(
            kind in _PARTS and part.get(_PARTS.get(kind, ("", ""))[1]) == "", f"a part of type {kind} that does not begin empty"
        )
        expect(kind != "output_text" or part.get("annotations") == [], "a text without annotations")

    def see_content_part_done(self, told: dict[str, Any]) -> None:
        self._end("content_index", told)

    def see_reasoning_summary_part_added(self, told: dict[str, Any]) -> None:
        self._begin("summary_index", told)

    def see_reasoning_summary_part_done(self, told: dict[str, Any]) -> None:
        self._end("summary_index", told)

    def _begin(self, word: str, told: dict[str, Any]) -> None:
        expect = self.report.expect
        expect(self.part is None and told.get(word) == len(self.parts), f"{word} {told.get(word)}, or a part within another")
        self.part, self.said, self.cited, self.settled = mapping(told.get("part")), "", [], False

    def _end(self, word: str, told: dict[str, Any]) -> None:
        expect, part = self.report.expect, mapping(told.get("part"))
        expect(
            self.part is not None and self.settled and told.get(word) == len(self.parts), "the end of a part that is not told"
        )
        said = part.get("refusal") if part.get("type") == "refusal" else part.get("text")
        expect(said == self.said, "a part is not what its deltas said")
        expect(part.get("type") != "output_text" or part.get("annotations") == self.cited, "annotations are not what was said")
        self.parts.append(part)
        self.part = None

    def see_output_text_delta(self, told: dict[str, Any]) -> None:
        self._grow("output_text", told, "content_index")
        self.report.expect("logprobs" in told, "a delta of text without logprobs")

    def see_refusal_delta(self, told: dict[str, Any]) -> None:
        self._grow("refusal", told, "content_index")

    def see_reasoning_summary_text_delta(self, told: dict[str, Any]) -> None:
        self._grow("summary_text", told, "summary_index")

    def _grow(self, kind: str, told: dict[str, Any], word: str) -> None:
        expect = self.report.expect
        fits = (self.part or {}).get("type") == kind and told.get(word) == len(self.parts) and not self.settled
        expect(fits, f"a delta of {kind} outside its part")
        expect(told.get("delta"), "a delta that says nothing")
        self.said += str(told.get("delta", ""))

    def see_output_text_annotation_added(self, told: dict[str, Any]) -> None:
        expect = self.report.expect
        expect((self.part or {}).get("type") == "output_text" and not self.settled, "an annotation outside a text")
        expect(told.get("annotation_index") == len(self.cited), "a gap in the annotations")
        self.cited.append(told.get("annotation"))

    def see_output_text_done(self, told: dict[str, Any]) -> None:
        self._settle(told.get("text"))

    def see_refusal_done(self, told: dict[str, Any]) -> None:
        self._settle(told.get("refusal"))

    def see_reasoning_summary_text_done(self, told: dict[str, Any]) -> None:
        self._settle(told.get("text"))

    def _settle(self, said: object) -> None:
        self.report.expect(said == self.said and not self.settled, "what is done is not what the deltas said, or done twice")
        self.settled = True

    def see_function_call_arguments_delta(self, told: dict[str, Any]) -> None:
        self._call("function_call", told)

    def see_custom_tool_call_input_delta(self, told: dict[str, Any]) -> None:
        self._call("custom_tool_call", told)

    def _call(self, kind: str, told: dict[str, Any]) -> None:
        self.report.expect((self.item or {}).get("type") == kind and not self.settled, f"a delta outside a {kind}")
        self.said += str(told.get("delta", ""))

    def see_function_call_arguments_done(self, told: dict[str, Any]) -> None:
        # Arguments that never came are an empty object.
        self.said = self.said or "{}"
        self._settle(told.get("arguments"))

    def see_custom_tool_call_input_done(self, told: dict[str, Any]) -> None:
        self._settle(told.get("input"))
