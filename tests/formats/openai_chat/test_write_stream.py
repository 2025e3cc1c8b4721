from __future__ import annotations

from typing import Any

import orjson
import pytest

from engine.answer import Began, Closed, Counted, Delta, Ended, Grew, Opened, Pinged
from engine.chat import Call, ChatRequest, Citation, Refusal, Seal, Text, Thinking, Usage
from engine.faults import Fault
from engine.formats import FORMATS
from engine.formats.openai_chat.grammar import violations
from tests.tools.wired import streamed, telling, told, written

CHAT = "openai_chat"
LOOP: list[Delta] = [
    Began("chatcmpl-1", "t"),
    Opened(0, Thinking("")), Grew(0, "hm"), Grew(0, seal=Seal("anthropic_messages", "S")), Closed(0),
    Opened(1, Text("")), Grew(1, "hi "), Grew(1, "☀"), Closed(1),
    Opened(2, Call("a", "f")), Opened(3, Call("b", "g")), Grew(2, "{}"), Grew(3, "{"), Grew(3, "}"), Closed(2), Closed(3),
    Counted(Usage(7, 3)),
    Ended("calls"),
]  # fmt: skip


def documents(body: bytes) -> list[dict[str, Any]]:
    return [orjson.loads(line[6:]) for line in body.split(b"\n\n") if line.startswith(b"data: {")]


@pytest.mark.parametrize("usage", [True, False])
def test_a_stream_holds_the_grammar_and_says_what_was_said(usage: bool) -> None:
    body = written(CHAT, LOOP, ChatRequest("m", stream_usage=usage))
    assert violations(body, usage) == []
    out = told(streamed(CHAT, body))
    assert (
        out
        == [("Thinking", "hm"), ("Text", "hi ☀"), ("Call", "a", "f", "{}"), ("Call", "b", "g", "{}"), ("end", "calls")]
        + [("usage", 7, 3)] * usage
    )


def test_calls_are_counted_not_blocks() -> None:
    calls = [
        call
        for each in documents(written(CHAT, LOOP))
        for choice in each["choices"]
        for call in choice["delta"].get("tool_calls", [])
    ]
    assert {call["index"] for call in calls} == {0, 1}


def test_thoughts_bring_their_seal_along() -> None:
    details = [
        detail
        for each in documents(written(CHAT, LOOP))
        for choice in each["choices"]
        for detail in choice["delta"].get("reasoning_details", [])
    ]
    assert details == [
        {"type": "reasoning.text", "index": 0, "text": "hm"},
        {"type": "reasoning.text", "index": 0, "signature": "S", "format": "anthropic_messages"},
    ]


def test_two_answers_a_refusal_a_citation_and_a_ping() -> None:
    deltas: list[Delta] = [
        Began("x", ""), Pinged(), Opened(0, Text("a")), Grew(0, citation=Citation("u", "t")), Closed(0),
        Opened(1, Refusal(""), 1), Grew(1, "no"), Closed(1), Ended("stop"), Ended("filter", answer=1),
    ]  # fmt: skip
    body = written(CHAT, deltas, ChatRequest("m", stream_usage=False))
    assert violations(body) == []
    assert b": ping\n\n" in body
    assert b'"annotations":[{"index":0,"type":"url_citation"' in body
    assert [each["model"] for each in documents(body)] == ["alias"] * len(documents(body))
    assert ("Refusal", "no") in told(streamed(CHAT, body))


def test_an_answer_of_nothing_is_still_an_answer() -> None:
    body = written(CHAT, [Began(), Ended("stop")], ChatRequest("m", stream_usage=False))
    assert violations(body) == []


def test_a_stream_that_broke_has_no_good_end() -> None:
    writer = FORMATS[CHAT].stream_writer(telling(CHAT))
    writer.write(Began())
    last = writer.fail(Fault("upstream_stalled"), "req-1")
    assert b'"error"' in last
    assert b"[DONE]" not in last
