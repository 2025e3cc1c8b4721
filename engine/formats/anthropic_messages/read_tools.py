"""Anthropic Messages: a client's tools, and which of them it wants called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.chat import Tool, ToolChoice
from engine.formats.anthropic_messages.read_messages import cache_of
from engine.formats.demand import a_boolean, a_string, an_object, items, maybe, needed
from engine.formats.document import wrong

if TYPE_CHECKING:
    from typing import Literal

_MODES: dict[str, Literal["auto", "none", "required"]] = {"auto": "auto", "none": "none", "any": "required"}


def read_tools(document: dict[str, Any]) -> list[Tool]:
    """Raises Fault("invalid_body")."""
    if document.get("tools") is None:
        return []
    return [_read_tool(an_object(tool, at), at) for tool, at in items(document["tools"], "tools")]


def _read_tool(tool: dict[str, Any], where: str) -> Tool:
    name = needed(tool, "name", a_string, where)
    if tool.get("type") not in (None, "custom"):
        return Tool(name, kind="native", raw=tool)
    return Tool(
        name,
        maybe(tool, "description", a_string, where) or "",
        needed(tool, "input_schema", an_object, where),
        maybe(tool, "strict", a_boolean, where),
        cache=cache_of(tool),
    )


def read_choice(given: dict[str, Any]) -> ToolChoice | None:
    """Raises Fault("invalid_body")."""
    if not given:
        return None
    kind = needed(given, "type", a_string, "tool_choice")
    if kind == "tool":
        return ToolChoice("one", [needed(given, "name", a_string, "tool_choice")])
    if kind not in _MODES:
        raise wrong("tool_choice.type", "must be auto, any, tool or none")
    return ToolChoice(_MODES[kind])
