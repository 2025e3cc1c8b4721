"""OpenAI Chat Completions: a client's request, read in full (https://platform.openai.com/docs/api-reference/chat/create)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.chat import ChatRequest, Output, Reasoning, Text
from engine.formats.demand import (
    a_boolean,
    a_count,
    a_number,
    a_string,
    an_integer,
    an_object,
    below,
    maybe,
    needed,
    strings,
)  # fmt: skip
from engine.formats.document import wrong
from engine.formats.openai_chat.read_messages import read_messages
from engine.formats.openai_chat.read_tools import read_choice, read_tools
from engine.formats.openai_chat.words import READ

if TYPE_CHECKING:
    from engine.chat import Asked, Message


def read_request(document: dict[str, Any], asked: Asked) -> ChatRequest:
    """Raises Fault("invalid_body") naming the place of what is malformed."""
    messages = read_messages(document)
    system, messages = _lead(messages)
    return ChatRequest(
        model=asked.model,
        messages=messages,
        system=system,
        tools=read_tools(document),
        choice=read_choice(document),
        parallel=maybe(document, "parallel_tool_calls", a_boolean),
        max_tokens=_max_tokens(document),
        temperature=maybe(document, "temperature", a_number),
        top_p=maybe(document, "top_p", a_number),
        top_k=maybe(document, "top_k", an_integer),
        seed=maybe(document, "seed", an_integer),
        frequency_penalty=maybe(document, "frequency_penalty", a_number),
        presence_penalty=maybe(document, "presence_penalty", a_number),
        n=maybe(document, "n", a_count),
        logprobs=maybe(document, "logprobs", a_boolean),
        top_logprobs=maybe(document, "top_logprobs", an_integer),
        stop=maybe(document, "stop", strings) or [],
        output=_output(document),
        reasoning=_reasoning(document),
        verbosity=maybe(document, "verbosity", a_string) or "",
        user=maybe(document, "safety_identifier", a_string) or maybe(document, "user", a_string) or "",
        metadata=maybe(document, "metadata", an_object) or {},
        service_tier=maybe(document, "service_tier", a_string) or "",
        cache_key=maybe(document, "prompt_cache_key", a_string) or "",
        stream=asked.stream,
        stream_usage=_wants_usage(document),
        rest={key: value for key, value in document.items() if key not in READ and value is not None},
    )


def _lead(messages: list[Message]) -> tuple[list[Text], list[Message]]:
    """System text that leads the conversation, and the rest of it."""
    system: list[Text] = []
    for at, message in enumerate(messages):
        if message.role != "system":
            return system, messages[at:]
        system += (piece for piece in message.pieces if isinstance(piece, Text))
    return system, []


def _max_tokens(document: dict[str, Any]) -> int | None:
    now, before = maybe(document, "max_completion_tokens", a_count), maybe(document, "max_tokens", a_count)
    if now is not None and before is not None and now != before:
        raise wrong("max_tokens", "and `max_completion_tokens` differ; give one of them")
    return before if now is None else now


def _output(document: dict[str, Any]) -> Output | None:
    given = maybe(document, "response_format", an_object)
    if given is None:
        return None
    kind = needed(given, "type", a_string, "response_format")
    if kind == "text":
        return None
    if kind == "json_object":
        return Output("json")
    if kind != "json_schema":
        raise wrong("response_format.type", "must be `text`, `json_object` or `json_schema`")
    at = "response_format.json_schema"
    told = needed(given, "json_schema", an_object, "response_format")
    return Output(
        "schema",
        maybe(told, "schema", an_object, at) or {},
        maybe(told, "name", a_string, at) or "",
        maybe(told, "description", a_string, at) or "",
        maybe(told, "strict", a_boolean, at),
    )


def _reasoning(document: dict[str, Any]) -> Reasoning | None:
    effort = maybe(document, "reasoning_effort", a_string)
    return None if effort is None else Reasoning(effort=effort)


def _wants_usage(document: dict[str, Any]) -> bool:
    options = maybe(document, "stream_options", an_object) or {}
    return bool(maybe(options, "include_usage", a_boolean, below("", "stream_options")))
