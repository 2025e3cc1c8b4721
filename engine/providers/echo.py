"""The echo provider: a provider without a network, deterministic, that speaks OpenAI's Chat Completions.

It serves the first run, the tests and the bench; so it can also be told to be slow, to stall, to fail, to cut.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from engine import units
from engine.parts import Part, option
from engine.providers.echo_answer import Answer, Refused, answer, digest, text_of, words_of
from engine.providers.echo_stream import chunks
from engine.script import Script, Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.ports import Outgoing
    from engine.web import Pair

_CREATED = 1_767_225_600  # 2026-01-01: the same request gets the same bytes
_MOST_CHOICES = 128
_RETRY_AFTER = (b"retry-after", b"1")
_JSON: tuple[Pair, ...] = ((b"content-type", b"application/json"),)
_EVENTS: tuple[Pair, ...] = ((b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache"))


@dataclass(frozen=True)
class EchoOptions(Part):
    """Built in and offline: says back what it was told."""

    example = "echo: {kind: echo, pace: 20ms}"

    pace: float = option("The wait before each event of a stream.", default="20ms", unit="duration")
    delay: float = option("The wait before an answer begins.", default="0ms", unit="duration")
    reply: str = option("What it says, instead of the last user message.", default="", example="Hello!")
    fail: int | None = option("Fail every request with this status.", default=None, minimum=400, maximum=599, example=503)
    cut_after: int | None = option(
        "Cut the connection after so many events of a stream; a whole reply is cut in its middle.", default=None, minimum=0
    )
    stall_after: int | None = option(
        "Send nothing more after so many events of a stream; a whole reply stalls in its middle.", default=None, minimum=0
    )
    by_headers: bool = option(
        "Let requests say the same by x-echo-pace, x-echo-delay, x-echo-fail, x-echo-cut-after and x-echo-stall-after.",
        default=False,
    )


def _read_status(text: str) -> int:
    status = int(text)
    if not 400 <= status <= 599:
        raise ValueError
    return status


def _read_count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ValueError
    return int(text)


_BY_HEADER: dict[bytes, tuple[str, Callable[[str], Any]]] = {
    b"x-echo-pace": ("pace", units.read_duration),
    b"x-echo-delay": ("delay", units.read_duration),
    b"x-echo-fail": ("fail", _read_status),
    b"x-echo-cut-after": ("cut_after", _read_count),
    b"x-echo-stall-after": ("stall_after", _read_count),
}
HEADERS = frozenset(_BY_HEADER)


def respond(outgoing: Outgoing, options: EchoOptions) -> Script:
    """What echo answers to this request. Never raises."""
    try:
        manner = _read_headers(options, outgoing.pairs) if options.by_headers else options
        if manner.fail is not None:
            return _fail(manner.fail, manner.delay)
        return _answer(outgoing.body, manner)
    except Refused as refused:
        return _error(400, refused.says, "invalid_request_error", None, param=refused.param)


def _read_headers(options: EchoOptions, pairs: tuple[Pair, ...]) -> EchoOptions:
    said = {}
    for name, value in pairs:
        if name in _BY_HEADER:
            key, read = _BY_HEADER[name]
            try:
                said[key] = read(value.decode("latin-1"))
            except ValueError:
                raise Refused(f"`{name.decode()}` is not understood", name.decode()) from None
    return dataclasses.replace(options, **said)


def _answer(body: bytes, manner: EchoOptions) -> Script:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refused("the body is not valid JSON", "") from None
    if not isinstance(document, dict):
        raise Refused("the body must be an object", "")
    many = document.get("n")
    many = 1 if many is None else many
    if type(many) is not int or not 1 <= many <= _MOST_CHOICES:
        raise Refused(f"`n` must be a whole number from 1 to {_MOST_CHOICES}", "n")
    said = answer(document, manner.reply, body)
    head = {"id": "chatcmpl-" + digest(body), "created": _CREATED, "model": document.get("model") or "echo"}
    usage = _count(document, said, many)
    if document.get("stream") is not True:
        return _end(_write_whole(head, said, many, usage), manner)
    events = chunks(head, said, many, usage if _wants_usage(document) else None)
    return _end_stream([Step(manner.pace if i else 0.0, event) for i, event in enumerate(events)], manner)


def _write_whole(head: dict[str, Any], said: Answer, many: int, usage: dict[str, Any]) -> bytes:
    message: dict[str, Any] = {"role": "assistant", "content": said.content, "refusal": None}
    if said.calls:
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in said.calls
        ]
    choices = [{"index": i, "message": message, "logprobs": None, "finish_reason": said.finish} for i in range(many)]
    return orjson.dumps({**head, "object": "chat.completion", "choices": choices, "usage": usage})


def _count(document: dict[str, Any], said: Answer, many: int) -> dict[str, Any]:
    """Usage, a word for a token."""
    messages = document.get("messages")
    asked = sum(len(text_of(m).split()) for m in messages if isinstance(m, dict)) if isinstance(messages, list) else 0
    per_choice = len(words_of(said.content or "")) + sum(len(words_of(call.arguments)) + 1 for call in said.calls)
    return {
        "prompt_tokens": asked,
        "completion_tokens": per_choice * many,
        "total_tokens": asked + per_choice * many,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }


def _wants_usage(document: dict[str, Any]) -> bool:
    wanted = document.get("stream_options")
    return isinstance(wanted, dict) and wanted.get("include_usage") is True


def _end(body: bytes, manner: EchoOptions) -> Script:
    if manner.cut_after is None and manner.stall_after is None:
        return Script(200, _JSON, manner.delay, [Step(0.0, body)])
    ending = "cut" if manner.cut_after is not None else "stall"
    return Script(200, _JSON, manner.delay, [Step(0.0, body[: len(body) // 2])], ending)  # type: ignore[arg-type]


def _end_stream(steps: list[Step], manner: EchoOptions) -> Script:
    if manner.cut_after is not None and manner.cut_after < len(steps):
        return Script(200, _EVENTS, manner.delay, steps[: manner.cut_after], "cut")
    if manner.stall_after is not None and manner.stall_after < len(steps):
        return Script(200, _EVENTS, manner.delay, steps[: manner.stall_after], "stall")
    return Script(200, _EVENTS, manner.delay, steps)


def _fail(status: int, delay: float) -> Script:
    kind, code = "invalid_request_error", None
    if status == 401:
        code = "invalid_api_key"
    elif status == 429:
        kind, code = "rate_limit_error", "rate_limit_exceeded"
    elif status >= 500:
        kind = "server_error"
    script = _error(status, f"echo was told to fail with {status}", kind, code)
    script.delay = delay
    return script


def _error(status: int, says: str, kind: str, code: str | None, param: str | None = None) -> Script:
    body = orjson.dumps({"error": {"message": says, "type": kind, "param": param or None, "code": code}})
    headers = (*_JSON, _RETRY_AFTER) if status in (429, 503) else _JSON
    return Script(status, headers, 0.0, [Step(0.0, body)])
