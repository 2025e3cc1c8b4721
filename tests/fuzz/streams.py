"""Streams of the four formats as hosts write them: text like what a tap looks for, counts and errors of any shape."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from random import Random
from typing import Any

import orjson

from engine.formats import FORMATS
from tests.fuzz.mutation import pick

NAMES = sorted(FORMATS)
Event = tuple[str, Any]  # its name, and its data: a document, or text that is none

# Text that looks like what a tap looks for.
SAID = (
    *(
        "hi",
        "",
        " ",
        "é",
        "a\nb",
        '"',
        "\\",
        '\\"',
        '"usage":{"prompt_tokens":9}',
        "[DONE]",
        '"finish_reason":"stop"',
        '{"error":1}',
    ),
    *(
        "data: [DONE]",
        "\n\ndata: [DONE]\n\n",
        "\u2028",
        "\x0b",
        "\x85",
        '"message_stop"',
        '"usageMetadata"',
        "\ud7ff",
        "x" * 300,
    ),
    *('"content":"', '"text":"', '"response.completed"', "}}]}"),
)
COUNTS: tuple[Any, ...] = (0, 1, 7, 7.0, None, -1, "7", True, 1e308, 2**64 - 1, [], {})
ERRORS: tuple[Any, ...] = (
    {"type": "overloaded_error"},
    {"code": 429, "message": "x"},
    "no",
    {},
    None,
    [],
    {"status": "RESOURCE_EXHAUSTED"},
)


def pick_of(dice: Random, choices: Any) -> Any:
    return choices[pick(dice, len(choices))]


def displaced(events: list[Event], dice: Random) -> list[Event]:
    """Now and then what is worth hearing stands in the midst of text: some hosts count as they go."""
    if len(events) > 2 and dice.random() < 0.3:
        events.insert(1 + pick(dice, len(events) - 1), events.pop())
    return events


def joined(pieces: list[bytes], dice: Random) -> list[bytes]:
    """Several events in one read, as from a host that is ahead of us."""
    out = pieces[:1]
    for piece in pieces[1:]:
        if dice.random() < 0.5:
            out[-1] += piece
        else:
            out.append(piece)
    return out


def _chat(dice: Random) -> list[Event]:
    head: dict[str, Any] = {"id": "c", "model": "m", "choices": []}
    events: list[Event] = []
    for _ in range(pick(dice, 12)):
        delta = {"content": pick_of(dice, SAID)}
        events.append(("", {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}], "usage": None}))
    if dice.random() < 0.8:
        events.append(("", {**head, "choices": [{"delta": {}, "finish_reason": pick_of(dice, ("stop", "length", None, ""))}]}))
    if dice.random() < 0.7:
        usage = {"prompt_tokens": pick_of(dice, COUNTS), "completion_tokens": 3}
        events.append(("", {**head, "usage": usage} if pick(dice, 3) else {**head, "x_groq": {"usage": usage}}))
    if dice.random() < 0.2:
        events.append(("", {"error": pick_of(dice, ERRORS)}))
    return displaced(events, dice) + [("", "[DONE]")] * pick(dice, 2)


def _responses(dice: Random) -> list[Event]:
    kinds = ("response.completed", "response.failed", "response.incomplete", "error", "response.output_text.done")
    events: list[Event] = [("response.created", {"type": "response.created", "response": {"model": "m", "usage": None}})]
    for _ in range(pick(dice, 12)):
        kind = "response.output_text.delta"
        events.append((kind, {"type": kind, "delta": pick_of(dice, SAID)}))
    kind = pick_of(dice, kinds)
    usage = {"input_tokens": pick_of(dice, COUNTS), "output_tokens": 3}
    done = {"model": "m", "usage": usage, "error": pick_of(dice, ERRORS)}
    return displaced([*events, (kind, {"type": kind, "response": done})], dice)


def _messages(dice: Random) -> list[Event]:
    usage = {"input_tokens": pick_of(dice, COUNTS), "output_tokens": 1}
    events: list[Event] = [("message_start", {"type": "message_start", "message": {"model": "m", "usage": usage}})]
    for _ in range(pick(dice, 12)):
        delta = {"type": "text_delta", "text": pick_of(dice, SAID)}
        events.append(("content_block_delta", {"type": "content_block_delta", "index": 0, "delta": delta}))
        if not pick(dice, 4):
            events.append(("ping", {"type": "ping"}))
    if dice.random() < 0.2:
        events.append(("error", {"type": "error", "error": pick_of(dice, ERRORS)}))
    count = {"output_tokens": pick_of(dice, COUNTS)}
    events += [("message_delta", {"type": "message_delta", "usage": count}), ("message_stop", {"type": "message_stop"})]
    return displaced(events, dice)


def _gemini(dice: Random) -> list[Event]:
    events: list[Event] = []
    for _ in range(1 + pick(dice, 8)):
        said: dict[str, Any] = {"content": {"parts": [{"text": pick_of(dice, SAID)}]}}
        if not pick(dice, 6):
            said["finishReason"] = "STOP"
        usage = {"promptTokenCount": pick_of(dice, COUNTS)}
        events.append(("", {"candidates": [said], "usageMetadata": usage, "modelVersion": "m"}))
    return events + [("", {"error": pick_of(dice, ERRORS)})] * pick(dice, 2)


DIALECTS: dict[str, Callable[[Random], list[Event]]] = {
    "anthropic_messages": _messages,
    "gemini_generate": _gemini,
    "openai_chat": _chat,
    "openai_responses": _responses,
}


def written(events: Iterable[Event], dice: Random) -> list[bytes]:
    """As one host writes them: one kind of line end, one way to space JSON, comments now and then."""
    end = pick_of(dice, (b"\n", b"\n", b"\n", b"\r\n", b"\r"))
    spaced = dice.random() < 0.3
    out = []
    for name, data in events:
        text = data if isinstance(data, str) else json.dumps(data) if spaced else orjson.dumps(data).decode()
        lines = ([b"event: " + name.encode()] if name else []) + [b"data: " + text.encode()]
        if dice.random() < 0.05:
            lines.insert(0, b": ping")
        out.append(end.join([*lines, b"", b""]))
    return out
