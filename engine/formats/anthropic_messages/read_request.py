"""Anthropic Messages: a client's request, read in full (https://docs.anthropic.com/en/api/messages)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.chat import ChatRequest, Output, Reasoning, Text
from engine.formats.anthropic_messages.read_messages import cache_of, read_messages
from engine.formats.anthropic_messages.read_tools import read_choice, read_tools
from engine.formats.anthropic_messages.words import READ
from engine.formats.demand import (
    a_boolean,
    a_count,
    a_number,
    a_string,
    an_integer,
    an_object,
    below,
    items,
    maybe,
    needed,
    strings,
)  # fmt: skip
from engine.formats.document import wrong

if TYPE_CHECKING:
    from engine.chat import Asked


def read_request(document: dict[str, Any], asked: Asked) -> ChatRequest:
    """Raises Fault("invalid_body") naming the place of what is malformed."""
    metadata = maybe(document, "metadata", an_object) or {}
    choice = maybe(document, "tool_choice", an_object) or {}
    serial = maybe(choice, "disable_parallel_tool_use", a_boolean, "tool_choice")
    return ChatRequest(
        model=asked.model,
        messages=read_messages(document),
        system=_read_system(document.get("system")),
        tools=read_tools(document),
        choice=read_choice(choice),
        parallel=None if serial is None else not serial,
        max_tokens=needed(document, "max_tokens", a_count),
        temperature=maybe(document, "temperature", a_number),
        top_p=maybe(document, "top_p", a_number),
        top_k=maybe(document, "top_k", an_integer),
        stop=maybe(document, "stop_sequences", strings) or [],
        output=_read_output(document),
        reasoning=_read_reasoning(document),
        user=maybe(metadata, "user_id", a_string, "metadata") or "",
        service_tier=maybe(document, "service_tier", a_string) or "",
        stream=asked.stream,
        rest={key: value for key, value in document.items() if key not in READ and value is not None},
    )


def _read_system(given: object) -> list[Text]:
    if given is None or given == "":
        return []
    if isinstance(given, str):
        return [Text(given)]
    return [_read_text(an_object(block, at), at) for block, at in items(given, "system")]


def _read_text(block: dict[str, Any], where: str) -> Text:
    if block.get("type", "text") != "text":
        raise wrong(below(where, "type"), "must be text")
    return Text(needed(block, "text", a_string, where), cache_of(block))


def _read_output(document: dict[str, Any]) -> Output | None:
    config = maybe(document, "output_config", an_object) or {}
    told = maybe(config, "format", an_object, "output_config")
    if told is None:
        return None
    at = "output_config.format"
    if needed(told, "type", a_string, at) != "json_schema":
        raise wrong(below(at, "type"), "must be json_schema")
    return Output("schema", needed(told, "schema", an_object, at))


def _read_reasoning(document: dict[str, Any]) -> Reasoning | None:
    """`thinking` says whether and within which budget, `output_config.effort` how hard."""
    config = maybe(document, "output_config", an_object) or {}
    effort = maybe(config, "effort", a_string, "output_config") or ""
    thinking = maybe(document, "thinking", an_object)
    if thinking is None:
        return Reasoning(effort=effort) if effort else None
    kind = needed(thinking, "type", a_string, "thinking")
    if kind == "disabled":
        return Reasoning(effort="none", budget=0)
    budget = needed(thinking, "budget_tokens", an_integer, "thinking") if kind == "enabled" else -1
    return Reasoning(effort, budget, show=thinking.get("display") != "omitted")
