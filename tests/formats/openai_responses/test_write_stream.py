from __future__ import annotations

from typing import Any

import orjson
import pytest
from openai._models import construct_type
from openai._types import omit
from openai.lib.streaming.responses._responses import ResponseStreamState
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from engine.answer import Began, Closed, Counted, Delta, Ended, Finish, Grew, Opened, Pinged
from engine.chat import Call, ChatRequest, Citation, Media, Refusal, Seal, Text, Thinking, Tool, Usage
from engine.faults import Fault
from engine.formats.format import Telling
from engine.formats.losses import Losses
from engine.formats.openai_responses.write_stream import ResponsesStreamWriter
from engine.wire.sse import EventReader

EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
OWN = Seal("openai_responses", "S")


def writer() -> ResponsesStreamWriter:
    chat = ChatRequest("theirs", tools=[Tool("f", schema={"type": "object"})])
    return ResponsesStreamWriter(Telling(chat, "a" * 24, 7, "shown", Losses("openai_responses")))


def events_of(body: bytes) -> list[dict[str, Any]]:
    """Each event has the name that its data says, and passes the SDK's own types."""
    found = []
    for event in EventReader().feed(body):
        told = orjson.loads(event.data)
        assert event.event == told["type"]
        EVENT.validate_python(told)
        found.append(told)
    assert [event["sequence_number"] for event in found] == list(range(len(found)))
    return found


def stream(*deltas: Delta, finish: Finish = "stop") -> list[dict[str, Any]]:
    to = writer()
    out = [to.write(delta) for delta in (Began("resp_1", "m"), *deltas, Counted(Usage(9, 2)), Ended(finish))]
    events = events_of(b"".join([*out, to.finish()]))
    check_with_the_sdk(events)
    return events


def check_with_the_sdk(events: list[dict[str, Any]]) -> None:
    """What its stream helper gathers is what the last event says."""
    state: Any = ResponseStreamState(input_tools=omit, text_format=omit)
    for event in events:
        state.handle_event(construct_type(value=event, type_=ResponseStreamEvent))
    Response.model_validate(events[-1]["response"])
    output = events[-1]["response"]["output"]
    gathered = [_bare(item.to_dict()) for _, item in sorted(state._output_items.items())]
    assert [_said(item) for item in gathered] == [_said(item) for item in output]
    if events[-1]["type"] == "response.completed":
        assert [_bare(item.to_dict()) for item in state._completed_response.output] == output


def _bare(value: Any) -> Any:
    """Without what the helper adds of its own."""
    if isinstance(value, dict):
        return {key: _bare(each) for key, each in value.items() if not key.startswith("parsed")}
    return [_bare(each) for each in value] if isinstance(value, list) else value


def _said(item: dict[str, Any]) -> tuple[Any, ...]:
    """What it gathers of deltas: it leaves out refusals, free text and empty arguments."""
    texts = [part["text"] for part in item.get("content", ()) if part["type"] == "output_text"]
    return item["type"], item["id"], texts, (item.get("arguments") or "{}")


def names(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"].removeprefix("response.") for event in events]


TEXT = [
    "output_item.added",
    "content_part.added",
    "output_text.delta",
    "output_text.done",
    "content_part.done",
    "output_item.done",
]
FUNCTION = ["output_item.added", "function_call_arguments.delta", "function_call_arguments.done", "output_item.done"]
THOUGHT = [
    "output_item.added", "reasoning_summary_part.added", "reasoning_summary_text.delta", "reasoning_summary_text.done",
    "reasoning_summary_part.done", "output_item.done",
]  # fmt: skip


@pytest.mark.parametrize(
    ("deltas", "inner"),
    [
        ([], []),
        ([Opened(0, Text("")), Grew(0, "a"), Closed(0)], TEXT),
        ([Opened(0, Text("a")), Closed(0)], TEXT),
        # Nothing said: no phantom message, no phantom thought.
        ([Opened(0, Text("")), Closed(0), Opened(1, Thinking("")), Closed(1)], []),
        ([Opened(0, Refusal("")), Grew(0, "no"), Closed(0)], [name.replace("output_text", "refusal") for name in TEXT]),
        ([Opened(0, Call("c", "f")), Grew(0, "{}"), Closed(0)], FUNCTION),
        ([Opened(0, Call("c", "f", "{}")), Closed(0)], FUNCTION),
        ([Opened(0, Call("c", "f")), Closed(0)], [name for name in FUNCTION if not name.endswith("delta")]),
        (
            [Opened(0, Call("c", "f", custom=True)), Grew(0, "x"), Closed(0)],
            [name.replace("function_call_arguments", "custom_tool_call_input") for name in FUNCTION],
        ),
        ([Opened(0, Thinking("")), Grew(0, "t"), Grew(0, seal=OWN), Closed(0)], THOUGHT),
        ([Opened(0, Thinking("", OWN)), Closed(0)], ["output_item.added", "output_item.done"]),
        (
            [Opened(0, Call("c", "f", seal=Seal("gemini_generate", "Uw=="))), Grew(0, "{}"), Closed(0)],
            ["output_item.added", "output_item.done", *FUNCTION],
        ),
        (
            [Opened(0, Text("a")), Closed(0), Opened(1, Text("b")), Closed(1)],
            [*TEXT[:-1], *TEXT[1:]],
        ),
        (
            [Opened(0, Text("a")), Grew(0, seal=OWN), Closed(0), Opened(1, Text("b")), Closed(1)],
            [*TEXT, "output_item.added", "output_item.done", *TEXT],
        ),
        ([Opened(0, Media("image")), Closed(0)], []),
        ([Opened(0, Text("a"), answer=1), Grew(0, "b"), Closed(0)], []),
    ],
)
def test_the_sequence_of_events(deltas: list[Delta], inner: list[str]) -> None:
    assert names(stream(*deltas)) == ["created", "in_progress", *inner, "completed"]


def test_blocks_that_grow_in_turns_come_one_after_the_other() -> None:
    events = stream(
        Opened(0, Call("c", "f")), Opened(1, Call("d", "f")), Grew(1, '{"b":'), Grew(0, "{}"), Opened(2, Text("")),
        Grew(2, "a"),
        Closed(0), Grew(1, "1}"), Closed(1), Closed(2),
    )  # fmt: skip
    output = events[-1]["response"]["output"]
    assert [item["type"] for item in output] == ["function_call", "function_call", "message"]
    assert [item["arguments"] for item in output[:2]] == ["{}", '{"b":1}']
    opened = [event["output_index"] for event in events if event["type"] == "response.output_item.added"]
    assert opened == [0, 1, 2]


def test_ids_stay() -> None:
    events = stream(Opened(0, Text("a")), Closed(0), Opened(1, Call("c", "f", "{}")), Closed(1))
    ids = [item["id"] for item in events[-1]["response"]["output"]]
    for event in events:
        if "item_id" in event:
            assert event["item_id"] == ids[event["output_index"]]


def test_an_item_begins_empty() -> None:
    added = next(event for event in stream(Opened(0, Text("a")), Closed(0)) if event["type"] == "response.output_item.added")
    assert (added["item"]["content"], added["item"]["status"]) == ([], "in_progress")


@pytest.mark.parametrize(("finish", "end"), [("length", "max_output_tokens"), ("filter", "content_filter")])
def test_an_incomplete_answer_says_why(finish: Finish, end: str) -> None:
    last = stream(Opened(0, Text("a")), Closed(0), finish=finish)[-1]
    assert last["type"] == "response.incomplete"
    assert last["response"]["incomplete_details"] == {"reason": end}
    assert last["response"]["output"][0]["status"] == "incomplete"


def test_the_last_event_has_the_tokens() -> None:
    assert stream()[-1]["response"]["usage"]["total_tokens"] == 11


def test_citations_are_told_at_their_text() -> None:
    events = stream(Opened(0, Text("a")), Grew(0, citation=Citation("https://a", "A")), Closed(0))
    told = next(event for event in events if event["type"] == "response.output_text.annotation.added")
    assert (told["annotation_index"], told["annotation"]["url"]) == (0, "https://a")
    assert events[-1]["response"]["output"][0]["content"][0]["annotations"] == [told["annotation"]]


def test_a_ping_is_a_comment() -> None:
    assert writer().write(Pinged()) == b": ping\n\n"


@pytest.mark.parametrize(
    ("code", "named"), [("upstream_rate_limit", "rate_limit_exceeded"), ("upstream_stalled", "server_error")]
)
def test_a_stream_that_breaks_ends_in_an_error_and_a_failed_response(code: str, named: str) -> None:
    """F-06: both forms of the error, then the response with what was done."""
    to = writer()
    out = b"".join(
        to.write(delta) for delta in (Began("resp_1", "m"), Opened(0, Text("a")), Closed(0), Opened(1, Call("c", "f")))
    )
    events = events_of(out + to.fail(Fault(code), "req-1"))
    error, failed = events[-2:]
    assert error["error"]["message"] == error["message"]
    assert (error["code"], failed["type"]) == (code, "response.failed")
    assert failed["response"]["status"] == "failed"
    assert failed["response"]["error"]["code"] == named
    assert [item["type"] for item in failed["response"]["output"]] == ["message"]


def test_a_stream_that_never_began_has_no_response_to_fail() -> None:
    assert [event["type"] for event in events_of(writer().fail(Fault("upstream_stalled"), "req-1"))] == ["error"]
