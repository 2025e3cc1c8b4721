"""OpenAI Chat Completions: a client's tools, and which of them it wants called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.chat import Tool, ToolChoice
from engine.formats.demand import a_boolean, a_string, an_object, below, items, maybe, needed
from engine.formats.document import wrong

if TYPE_CHECKING:
    from collections.abc import Iterator

_MODES = ("auto", "none", "required")


def read_tools(document: dict[str, Any]) -> list[Tool]:
    """`tools`, or the `functions` of older clients. Raises Fault("invalid_body")."""
    tools = [_read_tool(an_object(tool, at), at) for tool, at in _listed(document, "tools")]
    return tools + [_read_function(an_object(tool, at), at) for tool, at in _listed(document, "functions")]


def _listed(document: dict[str, Any], key: str) -> Iterator[tuple[Any, str]]:
    return items(document[key], key) if document.get(key) is not None else iter(())


def _read_tool(tool: dict[str, Any], where: str) -> Tool:
    kind = needed(tool, "type", a_string, where)
    if kind == "function":
        return _read_function(needed(tool, "function", an_object, where), below(where, "function"))
    if kind == "custom":
        told, at = needed(tool, "custom", an_object, where), below(where, "custom")
        name = needed(told, "name", a_string, at)
        return Tool(
            name, maybe(told, "description", a_string, at) or "", kind="custom", raw=maybe(told, "format", an_object, at) or {}
        )
    return Tool(kind, kind="native", raw=tool)


def _read_function(told: dict[str, Any], where: str) -> Tool:
    return Tool(
        needed(told, "name", a_string, where),
        maybe(told, "description", a_string, where) or "",
        maybe(told, "parameters", an_object, where),
        maybe(told, "strict", a_boolean, where),
    )


def read_choice(document: dict[str, Any]) -> ToolChoice | None:
    """`tool_choice`, or the `function_call` of older clients. Raises Fault("invalid_body")."""
    key = "tool_choice" if document.get("tool_choice") is not None else "function_call"
    given = document.get(key)
    if given is None:
        return None
    if given in _MODES:
        return ToolChoice(given)
    if isinstance(given, str):
        raise wrong(key, "must be auto, none, required or name a tool")
    return _read_named(an_object(given, key), key)


def _read_named(given: dict[str, Any], where: str) -> ToolChoice:
    kind = given.get("type", "legacy")
    if kind == "legacy":
        return ToolChoice("one", [needed(given, "name", a_string, where)])
    if kind in ("function", "custom"):
        return ToolChoice("one", [needed(needed(given, kind, an_object, where), "name", a_string, below(where, kind))])
    if kind != "allowed_tools":
        raise wrong(below(where, "type"), "must be function, custom or allowed_tools")
    allowed, at = needed(given, "allowed_tools", an_object, where), below(where, "allowed_tools")
    names = [_name_in(an_object(tool, place), place) for tool, place in items(allowed.get("tools"), below(at, "tools"))]
    return ToolChoice("some", names, required=maybe(allowed, "mode", a_string, at) == "required")


def _name_in(tool: dict[str, Any], where: str) -> str:
    kind = "custom" if tool.get("type") == "custom" else "function"
    return needed(needed(tool, kind, an_object, where), "name", a_string, below(where, kind))
