"""OpenAI Chat Completions: a request to a provider, written from the neutral shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.formats.effort import effort_of
from engine.formats.openai_chat.words import NAME, TIERS
from engine.formats.openai_chat.write_messages import write_messages
from engine.formats.tool_names import tool_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.chat import ChatRequest, Output, Tool, ToolChoice
    from engine.formats.format import Habits
    from engine.formats.losses import Losses

MOST_STOPS = 4
_NOTHING = {"type": "object", "properties": {}}


def write_request(chat: ChatRequest, losses: Losses, habits: Habits) -> dict[str, Any]:
    """The document for a provider. Tokens are always asked for in a stream: whether the client sees them is its writer's."""
    document: dict[str, Any] = {"model": chat.model, "messages": write_messages(chat, losses)}
    _write_tools(document, chat, losses)
    if chat.max_tokens is not None:
        document[habits.max_tokens_word] = chat.max_tokens
    for key in ("temperature", "top_p", "seed", "frequency_penalty", "presence_penalty", "n", "logprobs", "top_logprobs"):
        value = getattr(chat, key)
        if value is not None:
            document[key] = value
    if len(chat.stop) > MOST_STOPS:
        losses.note("stop_count")
    if chat.stop:
        document["stop"] = chat.stop[:MOST_STOPS]
    if chat.output is not None:
        document["response_format"] = _write_output(chat.output)
    effort = effort_of(chat.reasoning, losses)
    texts = {
        "reasoning_effort": effort,
        "verbosity": chat.verbosity,
        "user": chat.user,
        "metadata": chat.metadata,
        "service_tier": TIERS.get(chat.service_tier, chat.service_tier),
        "prompt_cache_key": chat.cache_key,
    }
    document.update((key, value) for key, value in texts.items() if value)
    if chat.stream:
        document |= {"stream": True, "stream_options": {"include_usage": True}}
    return document


def _write_tools(document: dict[str, Any], chat: ChatRequest, losses: Losses) -> None:
    """Neither a choice nor `parallel_tool_calls` is allowed without tools."""
    if not chat.tools:
        return
    document["tools"] = [_write_tool(tool, losses) for tool in chat.tools]
    kinds = {tool.name: tool.kind for tool in chat.tools}
    if chat.choice is not None:
        document["tool_choice"] = _write_choice(chat.choice, kinds)
    if chat.parallel is not None:
        document["parallel_tool_calls"] = chat.parallel


def _write_tool(tool: Tool, losses: Losses) -> dict[str, Any]:
    name = tool_name(tool.name, NAME)
    if name != tool.name:
        losses.note("tool_name")
    told: dict[str, Any] = {"name": name}
    if tool.description:
        told["description"] = tool.description
    if tool.kind == "custom":
        return {"type": "custom", "custom": told | ({"format": tool.raw} if tool.raw else {})}
    told["parameters"] = tool.schema if tool.schema is not None else _NOTHING
    if tool.strict is not None:
        told["strict"] = tool.strict
    return {"type": "function", "function": told}


def _write_choice(choice: ToolChoice, kinds: Mapping[str, str]) -> str | dict[str, Any]:
    if choice.mode not in ("one", "some"):
        return choice.mode
    named = [_named(name, kinds) for name in choice.names]
    if choice.mode == "one":
        return named[0]
    return {"type": "allowed_tools", "allowed_tools": {"mode": "required" if choice.required else "auto", "tools": named}}


def _named(name: str, kinds: Mapping[str, str]) -> dict[str, Any]:
    kind = "custom" if kinds.get(name) == "custom" else "function"
    return {"type": kind, kind: {"name": tool_name(name, NAME)}}


def _write_output(output: Output) -> dict[str, Any]:
    if output.kind == "json":
        return {"type": "json_object"}
    told: dict[str, Any] = {"name": output.name or "answer", "schema": output.schema}
    if output.description:
        told["description"] = output.description
    if output.strict is not None:
        told["strict"] = output.strict
    return {"type": "json_schema", "json_schema": told}
