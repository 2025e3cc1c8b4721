"""Anthropic Messages: tools for a provider, and which of them are to be called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from engine.formats.anthropic_messages.words import NAME
from engine.formats.anthropic_messages.write_messages import cached
from engine.formats.tool_names import tool_name

if TYPE_CHECKING:
    from engine.chat import ChatRequest, Tool, ToolChoice
    from engine.formats.losses import Losses

_CHOICES = ("oneOf", "anyOf", "allOf")
_MODES = {"auto": "auto", "none": "none", "required": "any", "some": "auto"}


def write_tools(document: dict[str, Any], chat: ChatRequest, thinks: bool, losses: Losses) -> None:
    """Sets `tools` and `tool_choice`; neither is allowed without the other's being there to be meant."""
    wanted = set(chat.choice.names) if chat.choice is not None and chat.choice.mode == "some" else None
    tools = [tool for tool in chat.tools if wanted is None or tool.name in wanted]
    if not tools:
        return
    document["tools"] = [_write_tool(tool, losses) for tool in tools]
    choice = _write_choice(chat.choice, thinks, losses)
    if chat.parallel is not None and (choice or chat.parallel is False):
        choice = choice or {"type": "auto"}
        if choice["type"] != "none":
            choice["disable_parallel_tool_use"] = not chat.parallel
    if choice:
        document["tool_choice"] = choice


def _write_tool(tool: Tool, losses: Losses) -> dict[str, Any]:
    name = tool_name(tool.name, NAME)
    if name != tool.name:
        losses.note("tool_name")
    told: dict[str, Any] = {"name": name}
    described = _describe(tool)
    if described:
        told["description"] = described
    told["input_schema"] = _write_schema(tool, losses)
    if tool.strict is not None and tool.kind == "function":
        told["strict"] = tool.strict
    return cached(told, tool.cache)


def _describe(tool: Tool) -> str:
    if tool.kind != "custom" or not tool.raw:
        return tool.description
    return f"{tool.description}\n\nThe input has this form: {orjson.dumps(tool.raw).decode()}".strip()


def _write_schema(tool: Tool, losses: Losses) -> dict[str, Any]:
    if tool.kind == "custom":
        return {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]}
    schema = tool.schema or {}
    if schema.get("type", "object") != "object" or any(key in schema for key in _CHOICES):
        losses.note("tool_schema")
    rest = {key: value for key, value in schema.items() if key not in _CHOICES and key != "type"}
    return {"type": "object", **({} if "properties" in rest else {"properties": {}}), **rest}


def _write_choice(choice: ToolChoice | None, thinks: bool, losses: Losses) -> dict[str, Any]:
    """With a budget of thinking no call can be forced."""
    if choice is None:
        return {}
    forced = choice.mode in ("one", "required") or (choice.mode == "some" and choice.required)
    if forced and thinks:
        losses.note("forced_call")
        return {"type": "auto"}
    if choice.mode == "one":
        return {"type": "tool", "name": tool_name(choice.names[0], NAME)}
    return {"type": "any" if forced else _MODES[choice.mode]}
