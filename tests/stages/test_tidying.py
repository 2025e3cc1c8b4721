from __future__ import annotations

import orjson
import pytest

from engine.exchange import Exchange
from engine.faults import Fault
from engine.formats import FORMATS
from engine.stages.whole import Whole
from engine.strategies.strategy import once
from engine.targets import Ask
from engine.web import Headers
from tests.tools.step import JSON, World, reply, stage, stream, targets

(A,) = targets("a")
REPLY = b'{"id":"c","object":"chat.completion","model":"m","choices":[{"message":{"tool_calls":[{"id":"x"}]}}]}'
CHUNK = b'data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]}\n\n'
OPENAI = "convert: {normalise: openai, show_model: asked, nameless: any, fresh_call_ids: [a]}"


def told(words: str, answer, model: str = "asked") -> Exchange:  # type: ignore[no-untyped-def]
    world = World()
    exchange = world.chat(model, streaming=not isinstance(answer, Whole))
    exchange.reply, exchange.target = answer, A
    return world.step(words, exchange)


def whole(body: bytes = REPLY, status: int = 200) -> Whole:
    heard = FORMATS["openai_chat"].read_reply(body) if status < 300 else None
    return Whole(status, Headers(JSON), body, heard)


def body_of(exchange: Exchange):  # type: ignore[no-untyped-def]
    assert exchange.answer is not None
    return orjson.loads(exchange.answer.body)


def test_a_whole_reply() -> None:
    exchange = told(OPENAI, whole())
    document = body_of(exchange)
    assert document["model"] == "asked"
    assert document["usage"]["total_tokens"] == 0
    assert document["choices"][0]["message"]["tool_calls"][0]["id"].startswith("call_")
    assert exchange.notes["model_served"] == "m", "the log tells what really served"
    assert exchange.answer is not None
    assert exchange.answer.headers[-1] == (b"content-type", b"application/json; charset=utf-8")


def test_only_the_model() -> None:
    words = "convert: {show_model: asked}"
    assert body_of(told(words, whole())) == {**orjson.loads(REPLY), "model": "asked"}
    assert body_of(told(words, whole(), model="")) == orjson.loads(REPLY)
    assert body_of(told(OPENAI, whole(), model=""))["model"] == "any"


def test_an_error_of_the_providers() -> None:
    assert body_of(told(OPENAI, whole(b'{"error":{"code":"x"}}', 400)))["error"]["type"] == "x_error"


def test_a_reply_that_lacks_something() -> None:
    with pytest.raises(Fault, match="upstream_bad_body"):
        told(OPENAI, whole(REPLY.replace(b'"object"', b'"objekt"')))


def test_a_stream_piece_by_piece() -> None:
    exchange = told(OPENAI, stream())
    assert exchange.answer is not None
    assert exchange.answer.stream is not None
    pipe = exchange.answer.stream.pipe
    assert pipe.feed(CHUNK[:20]) == b""
    first = orjson.loads(pipe.feed(CHUNK[20:])[6:])
    assert (first["model"], first["service_tier"]) == ("asked", "default")
    assert pipe.finish() == b"data: [DONE]\n\n"
    assert (b"content-type", b"text/event-stream; charset=utf-8") in exchange.answer.headers


def test_a_stream_that_breaks() -> None:
    """F-07"""
    exchange = told(OPENAI, stream())
    assert exchange.answer is not None
    assert exchange.answer.stream is not None
    pipe = exchange.answer.stream.pipe
    pipe.feed(CHUNK.replace(b'"stop"', b"null"))
    with pytest.raises(Fault, match="upstream_truncated"):
        pipe.finish()
    assert b"upstream_truncated" in pipe.fail(Fault("upstream_truncated"))


def test_it_is_for_one_format_only() -> None:
    assert stage(OPENAI).formats() == {"openai_chat"}
    assert stage("convert").formats() == frozenset()


def test_a_provider_of_another_format() -> None:
    """What was converted is tidied like all else."""
    said = {"id": "m", "type": "message", "role": "assistant", "model": "c", "content": [{"type": "text", "text": "hi"}]}
    body = orjson.dumps({**said, "stop_reason": "end_turn", "usage": {"input_tokens": 1, "output_tokens": 2}})
    world = World([reply(200, body)])
    exchange = world.chat("", plan=once(Ask(targets("a", format="anthropic_messages"))))
    exchange.chat.document = {"messages": [{"role": "user", "content": "hi"}]}
    world.step("call", exchange)
    world.step(OPENAI, exchange)
    document = body_of(exchange)
    assert (document["model"], document["choices"][0]["message"]["content"]) == ("any", "hi")
    assert (document["usage"]["total_tokens"], document["choices"][0]["message"]["annotations"]) == (3, [])
