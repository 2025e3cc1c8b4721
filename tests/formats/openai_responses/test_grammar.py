from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from engine.formats.openai_responses.grammar import violations
from tests.tools.wired import chunks

Events = list[dict[str, Any]]

HEAD = {
    "id": "resp_1", "object": "response", "created_at": 1, "status": "in_progress", "model": "m", "output": [],
    "parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "error": None, "incomplete_details": None,
    "instructions": None, "metadata": {}, "temperature": 1.0, "top_p": 1.0,
}  # fmt: skip
SITE = {"type": "url_citation", "url": "https://a.example", "title": "A", "start_index": 0, "end_index": 2}
TEXT = {"type": "output_text", "text": "Hi", "annotations": [SITE], "logprobs": []}
SUMMARY = {"type": "summary_text", "text": "Hm."}
THOUGHT = {"id": "rs_0", "type": "reasoning", "status": "completed", "summary": [SUMMARY], "encrypted_content": "x"}
MESSAGE = {"id": "msg_1", "type": "message", "status": "completed", "role": "assistant", "content": [TEXT]}
CALL = {"id": "fc_2", "type": "function_call", "status": "completed", "call_id": "call_1", "name": "f", "arguments": '{"a":1}'}
FREE = {"id": "ctc_3", "type": "custom_tool_call", "status": "completed", "call_id": "call_2", "name": "g", "input": "x"}


def part_of(place: dict[str, Any], word: str, kind: str, part: dict[str, Any], field: str, **more: Any) -> Events:
    said = part[field]
    return [
        {"type": f"response.{word}.added", **place, "part": {**part, field: "", **({"annotations": []} if more else {})}},
        {"type": f"response.{kind}.delta", **place, **more, "delta": said[:1]},
        {"type": f"response.{kind}.delta", **place, **more, "delta": said[1:]},
        {"type": f"response.{kind}.done", **place, **more, field: said},
        {"type": f"response.{word}.done", **place, "part": part},
    ]


def item_of(index: int, item: dict[str, Any], inner: Events, **begun: Any) -> Events:
    added = {"type": "response.output_item.added", "item": {**item, "status": "in_progress", **begun}}
    done = {"type": "response.output_item.done", "item": item}
    told = [{"item_id": item["id"], **event} for event in inner]
    return [{**event, "output_index": index} for event in [added, *told, done]]


def good() -> Events:
    summary = part_of({"summary_index": 0}, "reasoning_summary_part", "reasoning_summary_text", SUMMARY, "text")
    text = part_of({"content_index": 0}, "content_part", "output_text", TEXT, "text", logprobs=[])
    cited = {"type": "response.output_text.annotation.added", "content_index": 0, "annotation_index": 0, "annotation": SITE}
    text.insert(3, cited)
    arguments = [
        {"type": "response.function_call_arguments.delta", "delta": '{"a":1}'},
        {"type": "response.function_call_arguments.done", "arguments": '{"a":1}'},
    ]
    free = [
        {"type": "response.custom_tool_call_input.delta", "delta": "x"},
        {"type": "response.custom_tool_call_input.done", "input": "x"},
    ]
    whole = HEAD | {"status": "completed", "output": [THOUGHT, MESSAGE, CALL, FREE], "usage": {"total_tokens": 1}}
    events: Events = [
        {"type": "response.created", "response": HEAD},
        {"type": "response.in_progress", "response": HEAD},
        *item_of(0, THOUGHT, summary, summary=[]),
        *item_of(1, MESSAGE, text, content=[]),
        *item_of(2, CALL, arguments, arguments=""),
        *item_of(3, FREE, free, input=""),
        {"type": "response.completed", "response": whole},
    ]
    return copy.deepcopy(numbered(events))


def numbered(events: Events) -> Events:
    return [{**event, "sequence_number": at} for at, event in enumerate(events)]


def at(events: Events, kind: str, nth: int = 0) -> int:
    return [number for number, event in enumerate(events) if event["type"] == "response." + kind][nth]


def test_a_good_stream() -> None:
    assert violations(chunks(*good())) == []


def changed(kind: str, nth: int = 0, **fields: Any) -> Callable[[Events], Events]:
    def change(events: Events) -> Events:
        events[at(events, kind, nth)] |= fields
        return events

    return change


def without(kind: str, nth: int = 0) -> Callable[[Events], Events]:
    return lambda events: numbered([event for number, event in enumerate(events) if number != at(events, kind, nth)])


def twice(kind: str, nth: int = 0) -> Callable[[Events], Events]:
    return lambda events: numbered([*events[: (place := at(events, kind, nth)) + 1], *events[place:]])


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (changed("output_text.delta", sequence_number=99), "a gap in the sequence"),
        (changed("output_text.delta", output_index=7), "output_index 7"),
        (changed("output_text.delta", item_id="other"), "an item that is not open"),
        (changed("output_text.delta", content_index=1), "outside its part"),
        (changed("output_text.delta", delta="X"), "not what the deltas said"),
        (changed("output_text.delta", delta=""), "says nothing"),
        (changed("output_text.done", text="Ho"), "not what the deltas said"),
        (changed("content_part.done", part={**TEXT, "annotations": []}), "annotations are not"),
        (changed("content_part.done", part={**TEXT, "text": "Ho"}), "not what its deltas said"),
        (changed("content_part.added", part={**TEXT}), "does not begin empty"),
        (changed("output_text.annotation.added", annotation_index=1), "a gap in the annotations"),
        (changed("output_item.added", 1, item=MESSAGE), "does not begin empty"),
        (changed("output_item.added", 2, item=CALL), "does not begin empty"),
        (changed("output_item.added", 1, item={**MESSAGE, "content": [], "id": "rs_0"}), "an id that another item has"),
        (changed("output_item.done", 2, item={**CALL, "arguments": "{}"}), "arguments are not"),
        (changed("output_item.done", 2, item={**CALL, "call_id": "other"}), "an item changes"),
        (changed("output_item.done", 1, item={**MESSAGE, "content": []}), "an empty message"),
        (changed("output_item.done", 1, item={**MESSAGE, "status": "in_progress"}), "no status"),
        (changed("function_call_arguments.delta", delta="{"), "not what the deltas said"),
        (changed("custom_tool_call_input.done", input="y"), "not what the deltas said"),
        (changed("created", response={**HEAD, "id": "other"}), "the response's id changes"),
        (changed("in_progress", response={**HEAD, "output": [MESSAGE]}), "does not begin empty"),
        (changed("in_progress", response={"id": "resp_1"}), "fields of the response are missing"),
        (changed("completed", response={**HEAD, "status": "completed", "usage": None}), "the output is not"),
        (changed("completed", response={**HEAD, "status": "incomplete", "usage": None}), "the status is not"),
        (changed("completed", response={**HEAD, "status": "completed"}), "no usage"),
        (without("in_progress"), "before response.in_progress"),
        (without("output_item.added", 1), "an item that is not open"),
        (without("content_part.added"), "outside its part"),
        (without("output_text.done"), "the end of a part that is not told"),
        (without("content_part.done"), "within a part"),
        (without("output_item.done", 3), "an item is still open"),
        (without("completed"), "no end of the response"),
        (twice("created"), "response.created in a stream that is created"),
        (twice("output_item.added"), "an item begins within another"),
        (twice("output_text.done"), "done twice"),
        (twice("completed"), "an event behind the end"),
        (lambda events: numbered([*events[:2], {"type": "response.odd", "output_index": 0}, *events[2:]]), "of type resp"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(damage: Callable[[Events], Events], says: str) -> None:
    assert any(says in each for each in violations(chunks(*damage(good()))))


def test_done_is_no_event_of_this_format() -> None:
    assert any("[DONE]" in each for each in violations(chunks(*good()) + b"data: [DONE]\n\n"))


def test_a_name_is_the_type() -> None:
    body = chunks(*good()).replace(b"event: response.created", b"event: created")
    assert violations(body) == ["event 0: the event's name is not its type"]
