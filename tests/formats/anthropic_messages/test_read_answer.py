from __future__ import annotations

from typing import Any

import pytest

from engine.chat import Call, Citation, Native, Piece, Seal, Text, Thinking
from tests.tools.wired import answered

NAME = "anthropic_messages"


def reply(*blocks: Any, **more: Any) -> dict[str, Any]:
    return {"id": "msg_1", "type": "message", "model": "t", "content": list(blocks), "stop_reason": "end_turn", **more}


@pytest.mark.parametrize(
    ("block", "piece"),
    [
        ({"type": "text", "text": "hi"}, Text("hi")),
        (
            {"type": "text", "text": "x", "citations": [{"type": "char_location", "document_title": "T", "cited_text": "q"}]},
            Text("x", citations=[Citation("", "T", "q")]),
        ),
        ({"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}}, Call("a", "f", '{"x":1}')),
        ({"type": "tool_use", "id": "a", "name": "f", "input": {}}, Call("a", "f", "{}")),
        ({"type": "thinking", "thinking": "", "signature": "S"}, Thinking("", Seal(NAME, "S"))),
        ({"type": "redacted_thinking", "data": "D"}, Thinking("", Seal(NAME, "D"), redacted=True)),
        ({"type": "web_search_tool_result"}, Native(NAME, {"type": "web_search_tool_result"})),
    ],
)
def test_blocks(block: dict[str, Any], piece: Piece) -> None:
    assert answered(NAME, reply(block)).answers[0].pieces == [piece]


def test_what_stands_beside_the_content() -> None:
    usage = {"input_tokens": 5, "cache_read_input_tokens": 2, "cache_creation_input_tokens": 1, "output_tokens": 3}
    made = answered(NAME, reply(stop_reason="stop_sequence", stop_sequence="END", usage={**usage, "service_tier": "standard"}))
    (answer,) = made.answers
    assert (answer.finish, answer.stop_sequence, made.id, made.model, made.service_tier) == (
        "stop_sequence", "END", "msg_1", "t", "standard")  # fmt: skip
    assert made.usage is not None
    assert (made.usage.input, made.usage.output, made.usage.cached, made.usage.written) == (8, 3, 2, 1)


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"type": "error", "error": {"type": "overloaded_error", "message": "x"}}, "upstream_overloaded"),
        ({"content": "x"}, "upstream_bad_body"),
        ({}, "upstream_bad_body"),
    ],
)
def test_what_is_no_answer(document: dict[str, Any], code: str) -> None:
    fault = answered(NAME, document).fault
    assert fault is not None
    assert fault.code == code


@pytest.mark.parametrize(
    "block", [3, {}, {"type": "text"}, {"type": "tool_use", "input": "x"}, {"type": "text", "citations": 3}]
)
def test_odd_blocks_are_an_answer_all_the_same(block: Any) -> None:
    assert answered(NAME, reply(block)).fault is None
