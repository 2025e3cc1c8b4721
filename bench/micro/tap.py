"""A stream of 50 events heard in each format; of 5 in Gemini's, where every event is parsed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from bench.micro.scene import chat_events
from engine.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable

BUDGET = 210.0

_RESPONSE = {"id": "resp_1", "object": "response", "status": "in_progress", "model": "gpt-4o", "output": []}
_MESSAGE = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": []}
_PART = {"candidates": [{"index": 0, "content": {"role": "model", "parts": [{"text": " hello"}]}}], "modelVersion": "gemini"}


def operation() -> Callable[[], object]:
    streams = {
        "openai_chat": chat_events(),
        "openai_responses": _responses(),
        "anthropic_messages": _messages(),
        "gemini_generate": _gemini(),
    }
    heard = [(FORMATS[name].tap, events) for name, events in streams.items()]

    def listen() -> None:
        for tap, events in heard:
            feed = tap().feed
            for event in events:
                feed(event)

    for new_tap, events in heard:
        tap = new_tap()
        for event in events:
            tap.feed(event)
        assert tap.finished
        assert tap.usage is not None
        assert tap.usage.output == 12
    return listen


def _named(document: dict[str, object]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (str(document["type"]).encode(), orjson.dumps(document))


def _responses() -> list[bytes]:
    text = {"type": "response.output_text.delta", "item_id": "msg_1", "output_index": 0, "content_index": 0, "delta": " hello"}
    usage = {"input_tokens": 9, "output_tokens": 12, "total_tokens": 21}
    ended = {**_RESPONSE, "status": "completed", "usage": usage}
    first = [_named({"type": f"response.{word}", "response": _RESPONSE}) for word in ("created", "in_progress")]
    return [*first, *[_named(text)] * 47, _named({"type": "response.completed", "response": ended})]


def _messages() -> list[bytes]:
    text = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": " hello"}}
    return [
        _named({"type": "message_start", "message": {**_MESSAGE, "usage": {"input_tokens": 9, "output_tokens": 1}}}),
        _named({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        *[_named(text)] * 45,
        _named({"type": "content_block_stop", "index": 0}),
        _named({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 12}}),
        _named({"type": "message_stop"}),
    ]


def _gemini() -> list[bytes]:
    usage = {"promptTokenCount": 9, "candidatesTokenCount": 12, "totalTokenCount": 21}
    part = {**_PART, "usageMetadata": usage}
    ended = {**part, "candidates": [{"index": 0, "content": {"role": "model", "parts": []}, "finishReason": "STOP"}]}
    return [b"data: %b\n\n" % orjson.dumps(document) for document in (part, part, part, part, ended)]
