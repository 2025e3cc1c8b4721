"""The JSON Schema (draft 2020-12) of each part of a table, derived from the parts' own code: what validate.py judges by."""

from __future__ import annotations

from dataclasses import is_dataclass
from typing import TYPE_CHECKING, Any

from engine.parts import schema_of
from engine.routes.shape import DefaultWords, ModelWords, PoolWords, ProviderWords, RouteWords
from engine.settings import Server

if TYPE_CHECKING:
    from engine.providers.catalog import Kind

Schema = dict[str, Any]


def _plain_defaults(schema: Schema) -> Schema:
    """A section's default is its own defaults: said by its properties already, and no JSON."""
    if is_dataclass(schema.get("default")):
        del schema["default"]
    for inner in schema.get("properties", {}).values():
        _plain_defaults(inner)
    return schema


def _joined(words: type, own: type | None, key: str, name: str) -> Schema:
    """The schema of `words` with a part's own options beside them; `key: name` is what tells that the part is meant."""
    schema = _plain_defaults(schema_of(words))
    schema["properties"][key] = {**schema["properties"][key], "const": name}
    if own is not None:
        theirs = _plain_defaults(schema_of(own))
        schema["properties"].update(theirs["properties"])
        schema["required"] = [*schema.get("required", []), *theirs.get("required", [])]
        schema["description"] = theirs["description"]
    return schema


def provider_schema(word: str, kind: Kind) -> Schema:
    """A provider of this kind."""
    schema = _joined(ProviderWords, kind.options, "kind", word)
    schema["description"] = kind.says
    return schema


def pool_schema(word: str, strategy: type) -> Schema:
    """A pool with this strategy."""
    return _joined(PoolWords, strategy, "strategy", word)


def stage_schema(stage: type) -> Schema:
    """A stage's options."""
    schema = _plain_defaults(schema_of(stage))
    if example := getattr(stage, "example", ""):
        schema["examples"] = [example]
    return schema


def server_schema() -> Schema:
    return _plain_defaults(schema_of(Server))


def model_schema() -> Schema:
    return schema_of(ModelWords)


def default_schema() -> Schema:
    return schema_of(DefaultWords)


def route_schema() -> Schema:
    """One route. What its pipeline may hold is judged stage by stage."""
    schema = schema_of(RouteWords)
    schema["properties"]["pipeline"]["type"] = ["string", "array"]
    return schema
