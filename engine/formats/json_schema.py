"""JSON Schema and the OpenAPI 3.0 subset that Gemini took first (https://ai.google.dev/api/caching#Schema)."""

from __future__ import annotations

from typing import Any

# Where schemas lie within a schema: under names, in a list, or as one.
_NAMED = ("properties", "$defs", "definitions", "patternProperties")
_LISTED = ("anyOf", "oneOf", "allOf", "prefixItems")
_SINGLE = ("items", "additionalProperties", "not")


def from_openapi(schema: dict[str, Any]) -> dict[str, Any]:
    """Upper-case types become lower-case ones, `nullable` a type more. Nothing of `schema` is changed."""
    out = {key: value for key, value in schema.items() if key not in ("nullable", "propertyOrdering", "property_ordering")}
    kind = out.get("type")
    if isinstance(kind, str):
        out["type"] = kind.lower()
        if schema.get("nullable"):
            out["type"] = [kind.lower(), "null"]
    if "anyOf" not in out and "any_of" in out:
        out["anyOf"] = out.pop("any_of")
    for key in _NAMED:
        if isinstance(out.get(key), dict):
            out[key] = {name: _inner(each) for name, each in out[key].items()}
    for key in _LISTED:
        if isinstance(out.get(key), list):
            out[key] = [_inner(each) for each in out[key]]
    for key in _SINGLE:
        if isinstance(out.get(key), dict):
            out[key] = from_openapi(out[key])
    return out


def _inner(schema: Any) -> Any:
    return from_openapi(schema) if isinstance(schema, dict) else schema
