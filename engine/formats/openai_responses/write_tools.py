"""OpenAI Responses: tools, the choice among them and the form of the answer, for a provider and for the echo in an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.formats.openai_responses.words import NAME
from engine.formats.tool_names import tool_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.chat import ChatRequest, Output, Tool, ToolChoice
    from engine.formats.losses import Losses

_NOTHING = {"type": "object", "properties": {}}


def write_tools(document: dict[str, Any], chat: ChatRequest, losses: Losses) -> None:
    """Neither a choice nor `parallel_tool_calls` is allowed without tools."""
    if not chat.tools:
        return
    if any(tool_name(tool.name, NAME) != tool.name for tool in chat.tools):
        losses.note("tool_name")
    document["tools"] = [write_tool(tool) for tool in chat.tools]
    if chat.choice is not None:
        document["tool_choice"] = write_choice(chat.choice, {tool.name: tool.kind for tool in chat.tools})
    if chat.parallel is not None:
        document["parallel_tool_calls"] = chat.parallel


def write_tool(tool: Tool) -> dict[str, Any]:
    """Unless told otherwise the provider makes a schema strict, which only its own clients expect."""
    if tool.kind == "native":
        return tool.raw
    told: dict[str, Any] = {"type": tool.kind, "name": tool_name(tool.name, NAME)}
    if tool.description:
        told["description"] = tool.description
    if tool.kind == "custom":
        return told | ({"format": tool.raw} if tool.raw else {})
    return told | {"parameters": tool.schema if tool.schema is not None else _NOTHING, "strict": bool(tool.strict)}


def write_choice(choice: ToolChoice, kinds: Mapping[str, str]) -> str | dict[str, Any]:
    if choice.mode not in ("one", "some"):
        return choice.mode
    named = [_named(name, kinds) for name in choice.names]
    if choice.mode == "one":
        return named[0]
    return {"type": "allowed_tools", "mode": "required" if choice.required else "auto", "tools": named}


def _named(name: str, kinds: Mapping[str, str]) -> dict[str, Any]:
    if kinds.get(name) == "native":
        return {"type": name}
    return {"type": "custom" if kinds.get(name) == "custom" else "function", "name": tool_name(name, NAME)}


def write_format(output: Output | None) -> dict[str, Any]:
    if output is None:
        return {"type": "text"}
    if output.kind == "json":
        return {"type": "json_object"}
    told: dict[str, Any] = {"type": "json_schema", "name": output.name or "answer", "schema": output.schema}
    if output.description:
        told["description"] = output.description
    if output.strict is not None:
        told["strict"] = output.strict
    return told
