"""The JSON Schema of routes.yaml as an editor uses it, and the files under schemas/ (draft 2020-12).

It is joined from the schemas by which validate.py judges. Every value may also be a `${...}` here, since an editor sees
the text before substitution.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from engine.parts import schema_of
from engine.routes.part_schema import (
    default_schema,
    model_schema,
    pool_schema,
    provider_schema,
    route_schema,
    server_schema,
    stage_schema,
)
from engine.routes.shape import REQUIRED, TOP, Parts, PoolWords, ProviderWords

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


DRAFT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]

_SUBSTITUTED: Schema = {
    "type": "string",
    "pattern": r"\$\{",
    "description": "`${NAME}`, `${NAME:-default}` or `${file:/path}`, replaced when the table is read.",
}


def table_schema(parts: Parts) -> Schema:
    """The whole of routes.yaml, self-contained: for editors."""
    kinds = {word: provider_schema(word, parts.kinds[word]) for word in sorted(parts.kinds)}
    pools = {word: pool_schema(word, parts.strategies[word]) for word in parts.strategies}
    stages = {word: stage_schema(parts.stages[word]) for word in parts.stages}
    defs = {f"provider.{word}": _open(schema) for word, schema in kinds.items()}
    defs |= {f"pool.{word}": _open(schema) for word, schema in pools.items()}
    defs |= {f"stage.{word}": _open(schema) for word, schema in stages.items()}
    defs |= {"stage": _stage_item(stages), "substituted": _SUBSTITUTED}
    defs |= {"provider": _chosen_by("kind", "provider", ProviderWords, kinds)}
    defs |= {"pool": _chosen_by("strategy", "pool", PoolWords, pools)}
    return {
        "$schema": DRAFT,
        "title": "routes.yaml",
        "description": "The route table of the engine: whom it calls, what it serves, and through which stages.",
        "type": "object",
        "properties": _sections(parts),
        "required": list(REQUIRED),
        "patternProperties": {"^x-": {"description": "Ignored: room for YAML anchors."}},
        "additionalProperties": False,
        "$defs": dict(sorted(defs.items())),
    }


def _sections(parts: Parts) -> Schema:
    route = _open(route_schema())
    route["properties"]["pipeline"] = _pipeline_or_name()
    shapes: dict[str, Schema] = {
        "version": {"const": 1},
        "server": _open(server_schema()),
        "providers": _by_name({"$ref": "#/$defs/provider"}),
        "pools": _by_name({"$ref": "#/$defs/pool"}),
        "models": {"type": "array", "items": _open(model_schema())},
        "default": _open(default_schema()),
        "pipelines": _by_name({"type": "array", "items": {"$ref": "#/$defs/stage"}, "minItems": 1}),
        "routes": {"type": "array", "items": route},
    }
    for section in (route, shapes["providers"], shapes["pools"]):
        _name_formats(section, parts)
    return {name: {**shape, "description": TOP[name]} for name, shape in shapes.items()}


def _name_formats(schema: Schema, parts: Parts) -> None:
    speaks = schema.get("properties", {}).get("speaks")
    if speaks:
        speaks["anyOf"] = [{"enum": sorted(parts.formats)}, {"$ref": "#/$defs/substituted"}]


def _by_name(item: Schema) -> Schema:
    return {"type": "object", "additionalProperties": item}


def _pipeline_or_name() -> Schema:
    about = route_schema()["properties"]["pipeline"]
    line = {"type": "array", "items": {"$ref": "#/$defs/stage"}, "minItems": 1}
    return {"oneOf": [{"type": "string"}, line], "description": about["description"], "examples": about["examples"]}


def _chosen_by(key: str, what: str, words: type, schemas: Mapping[str, Schema]) -> Schema:
    """By the value of `key`, one of `schemas`. Not `oneOf`: that can only say that none of them fits."""
    choices = [{"const": word, "description": schema["description"]} for word, schema in schemas.items()]
    about = schema_of(words)
    branches = [
        {"if": {"properties": {key: {"const": word}}, "required": [key]}, "then": {"$ref": f"#/$defs/{what}.{word}"}}
        for word in schemas
    ]
    return {
        "type": "object",
        "description": about["description"],
        "properties": {key: {"description": about["properties"][key]["description"], "oneOf": choices}},
        "required": [key],
        "allOf": branches,
    }


def _stage_item(stages: Mapping[str, Schema]) -> Schema:
    """`word`, or `{word: {options}}`. A stage that requires an option has no bare form."""
    bare = [{"const": word, "description": s["description"]} for word, s in stages.items() if not s.get("required")]
    keyed = {word: {"description": s["description"], **_or_nothing(word, s)} for word, s in stages.items()}
    return {
        "description": "A stage: its word alone, or with its options.",
        "oneOf": [
            {"type": "string", "oneOf": bare},
            {"type": "object", "properties": keyed, "minProperties": 1, "maxProperties": 1, "additionalProperties": False},
        ],
    }


def _or_nothing(word: str, schema: Schema) -> Schema:
    reference = {"$ref": f"#/$defs/stage.{word}"}
    return reference if schema.get("required") else {"anyOf": [reference, {"type": "null"}]}


_KEPT = ("description", "examples", "default")


def _open(schema: Schema) -> Schema:
    """The same schema, in which a scalar may also be a `${...}`."""
    kind = schema.get("type")
    if kind == "object":
        opened = {name: _open(inner) for name, inner in schema.get("properties", {}).items()}
        more = schema.get("additionalProperties", False)
        out = {**schema, "additionalProperties": _open(more) if isinstance(more, dict) else more}
        return {**out, "properties": opened} if opened else out
    if kind == "array":
        return {**schema, "items": _open(schema["items"])}
    if "const" in schema or (kind == "string" and not {"enum", "pattern"} & schema.keys()):
        return schema
    said = {key: schema[key] for key in _KEPT if key in schema}
    strict = {key: value for key, value in schema.items() if key not in _KEPT}
    return {**said, "anyOf": [strict, {"$ref": "#/$defs/substituted"}]}


def schema_files(parts: Parts) -> dict[str, str]:
    """{name below schemas/: text}: the whole table, and every part by itself."""
    out = {"routes.json": _text(table_schema(parts))}
    out |= _each("stages", ((word, stage_schema(parts.stages[word])) for word in parts.stages))
    out |= _each("strategies", ((word, pool_schema(word, parts.strategies[word])) for word in parts.strategies))
    out |= _each("providers", ((word, provider_schema(word, kind)) for word, kind in sorted(parts.kinds.items())))
    return out


def _each(folder: str, schemas: Iterable[tuple[str, Schema]]) -> dict[str, str]:
    return {f"{folder}/{word}.json": _text({"$schema": DRAFT, "title": word, **schema}) for word, schema in schemas}


def _text(schema: Schema) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
