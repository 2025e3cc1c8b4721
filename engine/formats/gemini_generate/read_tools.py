"""Gemini generateContent: a client's tools, and which of them it wants called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.chat import Tool, ToolChoice
from engine.formats.demand import a_string, an_object, below, items, maybe, needed, strings
from engine.formats.document import wrong
from engine.formats.gemini_generate.words import camelled
from engine.formats.json_schema import from_openapi

if TYPE_CHECKING:
    from collections.abc import Iterator

DECLARED = "functionDeclarations"


def read_tools(document: dict[str, Any]) -> list[Tool]:
    """Raises Fault("invalid_body")."""
    given = document.get("tools")
    if given is None:
        return []
    listed = [(given, "tools")] if isinstance(given, dict) else items(given, "tools")
    return [tool for entry, at in listed for tool in _read_entry(camelled(an_object(entry, at)), at)]


def _read_entry(entry: dict[str, Any], where: str) -> Iterator[Tool]:
    for key, value in entry.items():
        if key == DECLARED:
            for told, at in items(value, below(where, DECLARED)):
                yield _read_function(camelled(an_object(told, at)), at)
        elif value is not None:
            yield Tool(key, kind="native", raw={key: value})


def _read_function(told: dict[str, Any], where: str) -> Tool:
    schema = maybe(told, "parametersJsonSchema", an_object, where)
    if schema is None and (given := maybe(told, "parameters", an_object, where)):
        schema = from_openapi(given)
    return Tool(needed(told, "name", a_string, where), maybe(told, "description", a_string, where) or "", schema)


def read_choice(document: dict[str, Any]) -> ToolChoice | None:
    """Raises Fault("invalid_body")."""
    config = camelled(maybe(document, "toolConfig", an_object) or {})
    told, at = maybe(config, "functionCallingConfig", an_object, "toolConfig"), "toolConfig.functionCallingConfig"
    if told is None:
        return None
    told = camelled(told)
    mode = (maybe(told, "mode", a_string, at) or "AUTO").upper()
    names = maybe(told, "allowedFunctionNames", strings, at) or []
    if mode == "NONE":
        return ToolChoice("none")
    if mode not in ("AUTO", "ANY", "VALIDATED", "MODE_UNSPECIFIED"):
        raise wrong(below(at, "mode"), "must be AUTO, ANY, VALIDATED or NONE")
    forced = mode == "ANY"
    if len(names) == 1 and forced:
        return ToolChoice("one", names)
    if names:
        return ToolChoice("some", names, required=forced)
    return ToolChoice("required" if forced else "auto")
