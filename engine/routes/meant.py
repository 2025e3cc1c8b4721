"""The mapping that was probably meant where one word stands: `default: echo`, `providers: {h: openai}`, `respond: hi`.

A word that came out of a variable, or that stands where credentials do, is never repeated.
"""

from __future__ import annotations

import typing
from typing import TYPE_CHECKING, Any

from engine.parts import options_of, schema_of
from engine.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Collection

    from engine.routes.node import Node

_LONGEST = 60


def word_of(node: Node) -> str:
    """The word that stands there, as YAML; "" when it is no short text, or must not be shown."""
    if not isinstance(node.value, str) or node.substituted or not 0 < len(node.value) <= _LONGEST:
        return ""
    plain = node.value[0].isalnum() and not set(node.value) & set("\"'{}[],#&*!|>%@`:\\\n")
    return node.value if plain else f'"{node.value}"' if not set(node.value) & set('"\\\n') else ""


def kind_mapping(node: Node, key: str, known: Collection[str]) -> str:
    """For a provider or pool that is only a word: `{kind: openai}`."""
    word, more = word_of(node), ", of: [...]" if key == "strategy" else ""
    return f"write `{{{key}: {word}{more}}}`" if word in known else f"write `{{{key}: ...{more}}}`"


def default_mapping(node: Node, targets: Collection[str], models: Collection[str]) -> str:
    """For a `default` that is only a word."""
    word = word_of(node)
    if word in models and word not in targets:
        return f"write `{{model: {word}}}`"
    return f"write `{{provider: {word}}}`" if word else "write `{provider: ...}`"


def model_mapping(node: Node, targets: Collection[str]) -> str:
    """For a model that is only a name."""
    only = next(iter(targets)) if len(targets) == 1 else "..."
    return f"write `{{name: {word_of(node) or '...'}, provider: {only}}}`"


def route_mapping(node: Node, pipelines: Collection[str]) -> str:
    """For a route that is only a match."""
    only = next(iter(pipelines)) if len(pipelines) == 1 else "..."
    return f'write `{{match: "{str(node.value) if word_of(node) else "..."}", pipeline: {only}}}`'


def stage_mapping(node: Node, stage: Any) -> str:
    """For a stage's options that are only one value: under the first option that such a value fits, else an example."""
    word, options = word_of(node), options_of(stage)
    if word and not takes_secret(stage):
        schema_first = sorted(options, key=lambda row: (row[0].name not in _required(stage), not _lists(row[2], node.value)))
        for field, _, kind in schema_first:
            if kind is str or _lists(kind, node.value):
                return f"write `{stage.word}: {{{field.name}: {word}}}`"
    return f"for example `{stage.example}`" if stage.example else ""


def _required(stage: type) -> set[str]:
    return set(schema_of(stage).get("required", ()))


def _lists(kind: Any, value: Any) -> bool:
    return typing.get_origin(kind) is typing.Literal and value in typing.get_args(kind)


def takes_secret(part: Any) -> bool:
    """Whether an option of this part holds a credential: then a lone word in its place may be one."""
    return any(holds_secret(kind) for _, _, kind in options_of(part))


def holds_secret(kind: object) -> bool:
    """Whether an option of this type holds a credential."""
    return kind is Secret or any(holds_secret(inner) for inner in typing.get_args(kind))
