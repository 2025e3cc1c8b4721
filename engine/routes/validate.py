"""Part by part, by name: every section of the table against the schema of exactly the part that it names.

One schema for everything could only say "is not valid under any of the given schemas". Here a stage is judged by its
stage's schema, a provider by its kind's, a pool by its strategy's. What comes out is a draft: whatever could be read.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

from engine.parts import build
from engine.routes.desk import Desk, shown
from engine.routes.draft import Draft, DraftModel, DraftPipeline, DraftPool, DraftProvider, DraftRoute
from engine.routes.due import say_type
from engine.routes.judge import Judge
from engine.routes.part_schema import (
    Schema,
    default_schema,
    model_schema,
    pool_schema,
    provider_schema,
    route_schema,
    server_schema,
)
from engine.routes.pattern import BadMatch, read_match, read_path
from engine.routes.pipelines import PipelineReader
from engine.routes.shape import REQUIRED, TOP, DefaultWords, ModelWords, Parts, PoolWords, ProviderWords, RouteWords
from engine.settings import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.routes.node import Node

VERSION = 1
# Names stand in metrics, logs and target names (`provider:model#2`).
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}", re.ASCII)


def validate(root: Node, parts: Parts, desk: Desk) -> Draft:
    """The draft of a table, and its complaints handed to `desk`."""
    draft = Draft(root)
    if not isinstance(root.value, dict):
        desk.error(root, "R022", "a table is a mapping of sections", "it begins with `version: 1`")
        return draft
    _Sections(parts, desk, draft).read()
    return draft


class _Sections:
    def __init__(self, parts: Parts, desk: Desk, draft: Draft) -> None:
        self._parts = parts
        self._desk = desk
        self._draft = draft
        self._judge = Judge(desk)
        self._schemas: dict[tuple[str, str], Schema] = {}
        self._pipelines = PipelineReader(parts, desk, self._judge)

    def read(self) -> None:
        self._top()
        self._server()
        for name, node in self._named("providers"):
            self._draft.providers[name] = self._provider(name, node)
        for name, node in self._named("pools"):
            self._draft.pools[name] = self._pool(name, node)
        self._draft.models = [DraftModel(node, self._model(node)) for node in self._listed("models")]
        self._default()
        for name, node in self._named("pipelines"):
            self._draft.pipelines[name] = self._pipelines.read(node)
        self._draft.routes = [self._route(node) for node in self._listed("routes")]

    def _top(self) -> None:
        root = self._draft.root
        assert isinstance(root.value, dict)
        for key, node in root.value.items():
            if key not in TOP and not key.startswith("x-"):
                self._desk.error(
                    node, "R020", f"a table has no section `{key[:60]}`", self._desk.suggest(key, TOP), on_key=True
                )
        for key in REQUIRED:
            if key not in root.value:
                hint = "write `version: 1`" if key == "version" else "without routes nothing is served"
                self._desk.error(root, "R021", f"the table lacks `{key}`", hint)
        version = root.get("version")
        if version is not None and not version.failed and (version.value != VERSION or isinstance(version.value, bool)):
            self._desk.error(version, "R025", f"this engine reads version {VERSION} of the table", "write `version: 1`")

    def _named(self, section: str) -> Iterator[tuple[str, Node]]:
        node = self._draft.root.get(section)
        if node is None:
            return
        if not isinstance(node.value, dict):
            say_type(self._desk, node, "object")
            return
        for name, item in node.value.items():
            if not _NAME.fullmatch(name):
                says = "a name is at most 64 letters, digits, `.`, `_` and `-`"
                self._desk.error(item, "R023", says, on_key=True)
            yield name, item

    def _listed(self, section: str) -> list[Node]:
        node = self._draft.root.get(section)
        if node is None:
            return []
        if not isinstance(node.value, list):
            say_type(self._desk, node, "array")
            return []
        if section == "routes" and not node.value:
            self._desk.error(node, "R023", "there is no route, so nothing is served")
        return node.value

    @cached_property
    def _fixed(self) -> dict[type, Schema]:
        return {
            Server: server_schema(),
            ModelWords: model_schema(),
            DefaultWords: default_schema(),
            RouteWords: route_schema(),
        }

    def _built(self, node: Node, words: type, owner: str) -> Any:
        if not self._judge.accepts(node, self._fixed[words], owner):
            return None
        return build(words, node.plain())

    def _server(self) -> None:
        node = self._draft.server_node = self._draft.root.get("server")
        self._draft.server = self._built(node, Server, "`server`") if node else Server()

    def _default(self) -> None:
        node = self._draft.default_node = self._draft.root.get("default")
        if node:
            self._draft.default = self._built(node, DefaultWords, "`default`")

    def _model(self, node: Node) -> ModelWords | None:
        words: ModelWords | None = self._built(node, ModelWords, "a model")
        return words

    def _provider(self, name: str, node: Node) -> DraftProvider:
        out = DraftProvider(name, node)
        word = self._chosen(node, "kind", "R037", self._parts.kinds, f"provider `{name}`")
        if word is None:
            return out
        kind = self._parts.kinds[word]
        schema = self._schemas.get(("kind", word)) or self._keep("kind", word, provider_schema(word, kind))
        if self._judge.accepts(node, schema, f"provider `{name}`"):
            out.words = build(ProviderWords, node.plain())
            out.own = build(kind.options, node.plain()) if kind.options else None
        return out

    def _pool(self, name: str, node: Node) -> DraftPool:
        out = DraftPool(name, node)
        word = self._chosen(node, "strategy", "R035", self._parts.strategies.parts, f"pool `{name}`")
        if word is None:
            return out
        strategy = self._parts.strategies[word]
        schema = self._schemas.get(("strategy", word)) or self._keep("strategy", word, pool_schema(word, strategy))
        if self._judge.accepts(node, schema, f"pool `{name}`"):
            out.words = build(PoolWords, node.plain())
            out.own = build(strategy, node.plain())
        return out

    def _keep(self, key: str, word: str, schema: Schema) -> Schema:
        self._schemas[key, word] = schema
        return schema

    def _chosen(self, node: Node, key: str, code: str, known: Any, owner: str) -> str | None:
        """The word under `key`, when there is a part of that name."""
        if not isinstance(node.value, dict):
            say_type(self._desk, node, "object")
            return None
        word = node.get(key)
        if word is None:
            hint = self._desk.suggest("", known, list_up_to=20)
            self._desk.error(node, "R021", f"{owner} lacks `{key}`", hint, on_key=True)
        elif not isinstance(word.value, str):
            say_type(self._desk, word, "string")
        elif word.value not in known:
            self._desk.error(
                word, code, f"there is no {key} {shown(word)}", self._desk.suggest(word.value, known, list_up_to=20)
            )
        else:
            return word.value
        return None

    def _route(self, node: Node) -> DraftRoute:
        out = DraftRoute(node, self._built(node, RouteWords, "a route"))
        match, line = node.get("match"), node.get("pipeline")
        if match is not None and isinstance(match.value, str):
            self._read_match(match, out)
        if line is not None and isinstance(line.value, list):
            out.pipeline = self._pipelines.read(line)
        elif line is not None and isinstance(line.value, str):
            out.pipeline = self._by_name(line)
        return out

    def _read_match(self, match: Node, out: DraftRoute) -> None:
        try:
            out.methods, out.path = read_match(str(match.value))
            out.pattern = read_path(out.path)
        except BadMatch as bad:
            self._desk.error(match, "R050", bad.says, bad.hint)

    def _by_name(self, line: Node) -> DraftPipeline | None:
        name, known = str(line.value), self._draft.pipelines
        found = known.get(name)
        if found is None:
            hint = (
                self._desk.suggest(name, known) if name not in self._parts.stages else f"a stage stands in a list: `[{name}]`"
            )
            self._desk.error(line, "R033", f"there is no pipeline {shown(line)}", hint)
        return found
