"""OpenAI Responses: a client's tools, and which of them it wants called."""

from __future__ import annotations

from typing import Any

from engine.chat import Tool, ToolChoice
from engine.formats.demand import a_boolean, a_string, an_object, items, maybe, needed
from engine.formats.document import wrong

_MODES = ("auto", "none", "required")
_OURS = ("function", "custom")


def read_tools(document: dict[str, Any]) -> list[Tool]:
    """Raises Fault("invalid_body")."""
    if document.get("tools") is None:
        return []
    return [_read_tool(an_object(tool, at), at) for tool, at in items(document["tools"], "tools")]


def _read_tool(tool: dict[str, Any], where: str) -> Tool:
    kind = needed(tool, "type", a_string, where)
    if kind not in _OURS:
        return Tool(kind, kind="native", raw=tool)
    name, description = needed(tool, "name", a_string, where), maybe(tool, "description", a_string, where) or ""
    if kind == "custom":
        return Tool(name, description, kind="custom", raw=maybe(tool, "format", an_object, where) or {})
    return Tool(name, description, maybe(tool, "parameters", an_object, where), maybe(tool, "strict", a_boolean, where))


def read_choice(given: object) -> ToolChoice | None:
    """Raises Fault("invalid_body")."""
    where = "tool_choice"
    if given is None:
        return None
    if isinstance(given, str):
        if given not in _MODES:
            raise wrong(where, "must be auto, none, required or name a tool")
        return ToolChoice(given)  # type: ignore[arg-type]  # one of the three
    told = an_object(given, where)
    if needed(told, "type", a_string, where) != "allowed_tools":
        return ToolChoice("one", [_name_in(told, where)])
    names = [_name_in(an_object(tool, at), at) for tool, at in items(told.get("tools"), f"{where}.tools")]
    return ToolChoice("some", names, required=maybe(told, "mode", a_string, where) == "required")


def _name_in(told: dict[str, Any], where: str) -> str:
    """A tool that the provider runs is known by its type."""
    kind = needed(told, "type", a_string, where)
    return needed(told, "name", a_string, where) if kind in _OURS else kind
