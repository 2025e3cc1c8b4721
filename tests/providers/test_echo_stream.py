from __future__ import annotations

from typing import Any

import orjson
from openai.types.chat import ChatCompletionChunk

from engine.providers.echo_answer import Answer, Call
from engine.providers.echo_stream import chunks

HEAD = {"id": "chatcmpl-1", "created": 1, "model": "m"}


def read(said: Answer, many: int = 1, usage: dict[str, Any] | None = None) -> list[ChatCompletionChunk]:
    *events, done = chunks(HEAD, said, many, usage)
    assert done == b"data: [DONE]\n\n"
    assert all(event.startswith(b"data: ") and event.endswith(b"\n\n") and event.count(b"\n") == 2 for event in events)
    return [ChatCompletionChunk.model_validate(orjson.loads(event[6:]), strict=True) for event in events]


def test_the_role_comes_first_then_words_then_the_finish() -> None:
    told = read(Answer("one two\n\nthree", "stop"))
    assert told[0].choices[0].delta.role == "assistant"
    assert "".join(c.choices[0].delta.content or "" for c in told) == "one two\n\nthree"
    assert [c.choices[0].finish_reason for c in told] == [None] * (len(told) - 1) + ["stop"]
    assert len(told) == 1 + 3 + 1


def test_each_choice_is_whole() -> None:
    told = read(Answer("one two", "stop"), many=3)
    for index in range(3):
        mine = [c.choices[0] for c in told if c.choices[0].index == index]
        assert "".join(c.delta.content or "" for c in mine) == "one two"
        assert mine[-1].finish_reason == "stop"


def test_usage_comes_last_and_alone() -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    told = read(Answer("x", "stop"), usage=usage)
    assert (told[-1].choices, told[-1].usage and told[-1].usage.total_tokens) == ([], 3)
    assert all(c.usage is None for c in told[:-1])


def test_arguments_come_in_fragments() -> None:
    calls = [Call("call_1", "a", '{"city":"Paris, Texas"}'), Call("call_2", "b", "{}")]
    told = read(Answer(None, "tool_calls", calls))
    for index, call in enumerate(calls):
        pieces = [d for c in told for d in c.choices[0].delta.tool_calls or [] if d.index == index]
        assert pieces[0].id == call.id
        assert pieces[0].function is not None
        assert pieces[0].function.name == call.name
        assert [p.id for p in pieces[1:]] == [None] * (len(pieces) - 1)
        assert "".join(p.function.arguments or "" for p in pieces if p.function) == call.arguments
