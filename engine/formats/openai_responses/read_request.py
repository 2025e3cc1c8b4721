"""OpenAI Responses: a client's request, read in full (https://platform.openai.com/docs/api-reference/responses/create)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.chat import ChatRequest, Message, Output, Reasoning, Text
from engine.formats.demand import (
    a_boolean,
    a_count,
    a_number,
    a_string,
    an_integer,
    an_object,
    maybe,
    needed,
    strings,
)  # fmt: skip
from engine.formats.document import wrong
from engine.formats.openai_responses.read_items import REFERENCE, read_items, references
from engine.formats.openai_responses.read_tools import read_choice, read_tools
from engine.formats.openai_responses.words import ENCRYPTED, LOGPROBS, READ, USUAL

if TYPE_CHECKING:
    from engine.chat import Asked


def read_request(document: dict[str, Any], asked: Asked) -> ChatRequest:
    """Raises Fault("invalid_body") naming the place of what is malformed."""
    instructions = maybe(document, "instructions", a_string) or ""
    system, messages = _lead(_read_input(document.get("input")))
    include = maybe(document, "include", strings) or []
    text = maybe(document, "text", an_object) or {}
    reasoning = maybe(document, "reasoning", an_object)
    return ChatRequest(
        model=asked.model,
        messages=messages,
        system=[*([Text(instructions)] if instructions else []), *system],
        tools=read_tools(document),
        choice=read_choice(document.get("tool_choice")),
        parallel=maybe(document, "parallel_tool_calls", a_boolean),
        max_tokens=maybe(document, "max_output_tokens", a_count),
        temperature=maybe(document, "temperature", a_number),
        top_p=maybe(document, "top_p", a_number),
        logprobs=True if LOGPROBS in include else None,
        top_logprobs=maybe(document, "top_logprobs", an_integer),
        output=_read_output(text),
        reasoning=_read_reasoning(reasoning) if reasoning is not None else None,
        verbosity=maybe(text, "verbosity", a_string, "text") or "",
        user=maybe(document, "safety_identifier", a_string) or maybe(document, "user", a_string) or "",
        metadata=maybe(document, "metadata", an_object) or {},
        service_tier=maybe(document, "service_tier", a_string) or "",
        cache_key=maybe(document, "prompt_cache_key", a_string) or "",
        stream=asked.stream,
        rest=_read_rest(document, include),
    )


def _read_input(given: object) -> list[Message]:
    if given is None or given == "":
        return []
    if isinstance(given, str):
        return [Message("user", [Text(given)])]
    return read_items(given)


def _lead(messages: list[Message]) -> tuple[list[Text], list[Message]]:
    """System text that leads the conversation, and the rest of it."""
    leading = next((at for at, message in enumerate(messages) if message.role != "system"), len(messages))
    system = [piece for message in messages[:leading] for piece in message.pieces if isinstance(piece, Text)]
    return system, messages[leading:]


def _read_output(text: dict[str, Any]) -> Output | None:
    told, at = maybe(text, "format", an_object, "text"), "text.format"
    if told is None:
        return None
    kind = needed(told, "type", a_string, at)
    if kind == "text":
        return None
    if kind == "json_object":
        return Output("json")
    if kind != "json_schema":
        raise wrong(f"{at}.type", "must be `text`, `json_object` or `json_schema`")
    return Output(
        "schema",
        maybe(told, "schema", an_object, at) or {},
        maybe(told, "name", a_string, at) or "",
        maybe(told, "description", a_string, at) or "",
        maybe(told, "strict", a_boolean, at),
    )


def _read_reasoning(told: dict[str, Any]) -> Reasoning:
    """Whoever wants a summary wants the thoughts shown; `generate_summary` is its older name."""
    at = "reasoning"
    summary = maybe(told, "summary", a_string, at) or maybe(told, "generate_summary", a_string, at)
    return Reasoning(maybe(told, "effort", a_string, at) or "", show=True if summary else None)


def _read_rest(document: dict[str, Any], include: list[str]) -> dict[str, Any]:
    """What only this format has. Items that are kept at the provider count as its state."""
    rest = {key: value for key, value in document.items() if key not in READ and value is not None and value != USUAL.get(key)}
    if others := [each for each in include if each not in (LOGPROBS, ENCRYPTED)]:
        rest["include"] = others
    if kept := references(document.get("input")):
        rest[REFERENCE] = kept
    return rest
