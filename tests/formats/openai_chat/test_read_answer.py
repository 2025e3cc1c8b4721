from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.chat import Call, Citation, Piece, Refusal, Text, Thinking, Usage
from tests.tools.wired import answered

CHAT = "openai_chat"


def reply(finish: str = "stop", **message: Any) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "model": "t",
        "choices": [{"message": {"role": "assistant", **message}, "finish_reason": finish}],
    }


FUNCTION = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CITED = {"type": "url_citation", "url_citation": {"url": "u", "title": "t", "start_index": 1, "end_index": 2}}


@pytest.mark.parametrize(
    ("message", "pieces", "finish"),
    [
        ({"content": "hi"}, [Text("hi")], "stop"),
        ({"content": None, "refusal": "no"}, [Refusal("no")], "stop"),
        ({"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, [Text("ab")], "stop"),
        ({"content": None, "tool_calls": [FUNCTION]}, [Call("a", "f", "{}")], "calls"),
        ({"content": "x", "tool_calls": [FUNCTION]}, [Text("x"), Call("a", "f", "{}")], "calls"),
        (
            {"tool_calls": [{"id": "a", "type": "custom", "custom": {"name": "c", "input": "ls"}}]},
            [Call("a", "c", "ls", custom=True)],
            "calls",
        ),
        ({"function_call": {"name": "f", "arguments": "{}"}}, [Call("", "f", "{}")], "calls"),
        ({"content": "x", "reasoning_content": "hm"}, [Thinking("hm"), Text("x")], "stop"),
        ({"content": "x", "reasoning": "hm", "reasoning_content": "hm"}, [Thinking("hm"), Text("x")], "stop"),
        (
            {"content": "x", "annotations": [CITED, {"type": "odd"}]},
            [Text("x", citations=[Citation("u", "t", "", 1, 2)])],
            "stop",
        ),
        ({"content": ""}, [], "stop"),
        ({}, [], "stop"),
    ],
)
def test_messages(message: dict[str, Any], pieces: list[Piece], finish: str) -> None:
    (answer,) = answered(CHAT, reply(**message)).answers
    assert (answer.pieces, answer.finish, answer.raw) == (pieces, finish, "stop")


def test_a_cut_answer_keeps_its_calls() -> None:
    (answer,) = answered(CHAT, reply("length", tool_calls=[FUNCTION])).answers
    assert (answer.finish, len(answer.pieces)) == ("length", 1)


def test_what_stands_beside_the_choices() -> None:
    usage = {"prompt_tokens": 7, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 2},
             "completion_tokens_details": {"reasoning_tokens": 1}}  # fmt: skip
    made = answered(CHAT, {**reply(content="x"), "usage": usage, "service_tier": "flex"})
    assert (made.id, made.model, made.service_tier) == ("chatcmpl-1", "t", "flex")
    assert made.usage == Usage(7, 3, 2, 1)


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"error": {"message": "x", "type": "server_error"}}, "upstream_error"),
        ({"error": {"code": 429, "message": "x"}}, "upstream_rate_limit"),
        ({}, "upstream_bad_body"),
        ({"choices": "x"}, "upstream_bad_body"),
    ],
)
def test_what_is_no_answer(document: dict[str, Any], code: str) -> None:
    fault = answered(CHAT, document).fault
    assert fault is not None
    assert fault.code == code


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["message", "content", "tool_calls", "function", "logprobs", "annotations", "usage"]), inner
        )
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["choices", "error", "usage", "id"]), JSON))
def test_any_json_is_an_answer_or_none(document: dict[str, Any]) -> None:
    made = answered(CHAT, document)
    assert made.fault is not None or isinstance(made.answers, list)
