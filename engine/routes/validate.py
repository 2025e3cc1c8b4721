"""Part by part, by name: every section of the table against the schema of exactly the part that it names.

One schema for everything could only say "is not valid under any of the given schemas". Here a stage is judged by its
stage's schema, a provider by its kind's, a pool by its strategy's. What comes out is a draft: whatever could be read.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from engine.parts import build
from engine.routes.desk import Desk, shown
from engine.routes.draft import Draft, DraftModel, DraftPipeline, DraftPool, DraftProvider, DraftRoute
from engine.routes.due import say_type
from engine.routes.judge import Judge
from engine.routes.lost import space_hint, swallowed
from engine.routes.meant import default_mapping, kind_mapping, model_mapping, route_mapping
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
from engine.routes.sections import Sections
from engine.routes.shape import DefaultWords, ModelWords, Parts, PoolWords, ProviderWords, RouteWords
from engine.settings import Server

if TYPE_CHECKING:
    from engine.routes.node import Node


def validate(root: Node, parts: Parts, desk: Desk) -> Draft:
    """The draft of a table, and its complaints handed to `desk`."""
    draft = Draft(root)
    if not isinstance(root.value, dict):
        hint = space_hint(str(root.value)) if isinstance(root.value, str) and not root.substituted else ""
        desk.error(root, "R022", "a table is a mapping of sections", hint or "it begins with `version: 1`")
        return draft
    _Reader(parts, desk, draft).read()
    return draft


class _Reader:
    def __init__(self, parts: Parts, desk: Desk, draft: Draft) -> None:
        self._parts = parts
        self._desk = desk
        self._draft = draft
        self._judge = Judge(desk)
        self._sections = Sections(desk, draft)
        self._schemas: dict[tuple[str, str], Schema] = {}
        self._pipelines = PipelineReader(parts, desk, self._judge)

    def read(self) -> None:
        self._sections.top()
        self._server()
        for name, node in self._sections.named("providers"):
            self._draft.providers[name] = self._provider(name, node)
        for name, node in self._sections.named("pools"):
            self._draft.pools[name] = self._pool(name, node)
        self._draft.models = [DraftModel(node, self._model(node)) for node in self._sections.listed("models")]
        self._default()
        for name, node in self._sections.named("pipelines"):
            self._draft.pipelines[name] = self._pipelines.read(node)
        self._draft.routes = [self._route(node) for node in self._sections.listed("routes")]

    @cached_property
    def _fixed(self) -> dict[type, Schema]:
        return {
            Server: server_schema(),
            ModelWords: model_schema(),
            DefaultWords: default_schema(),
            RouteWords: route_schema(),
        }

    def _built(self, node: Node, words: type, owner: str, hint: str = "") -> Any:
        """`hint` is the mapping to write where a word stands."""
        if not isinstance(node.value, dict):
            say_type(self._desk, node, "object", hint=hint)
            return None
        if not self._judge.accepts(node, self._fixed[words], owner):
            return None
        return build(words, node.plain())

    def _server(self) -> None:
        node = self._draft.server_node = self._sections.find("server")
        self._draft.server = self._built(node, Server, "`server`") if node else Server()

    def _default(self) -> None:
        node = self._draft.default_node = self._sections.find("default")
        if node:
            models = [str(name.value) for model in self._draft.models if (name := model.node.get("name"))]
            hint = default_mapping(node, [*self._draft.providers, *self._draft.pools], models)
            self._draft.default = self._built(node, DefaultWords, "`default`", hint)

    def _model(self, node: Node) -> ModelWords | None:
        words: ModelWords | None = self._built(node, ModelWords, "a model", model_mapping(node, self._draft.providers))
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
            # `openai: MY-KEY`: what is no word of ours may be a credential.
            lone = node.value if isinstance(node.value, str) else ""
            hidden = key == "kind" and lone.removeprefix("kind:") not in known
            say_type(self._desk, node, "object", hint=kind_mapping(node, key, known), hidden=hidden)
            return None
        word = node.get(key)
        tight = swallowed(node.value, (key,))
        if tight:
            item = node.value[next(iter(tight))]
            self._desk.error(item, "R021", f"{owner} lacks `{key}`", f"a space is missing after `{key}:`", on_key=True)
        elif word is None:
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
        hint = route_mapping(node, self._draft.pipelines)
        out = DraftRoute(node, self._built(node, RouteWords, "a route", hint))
        match, line = node.get("match"), node.get("pipeline")
        if line is not None and isinstance(line.value, list):
            out.pipeline = self._pipelines.read(line)
        elif line is not None and isinstance(line.value, str):
            out.pipeline = self._by_name(line)
        if match is not None and isinstance(match.value, str):
            self._read_match(match, out)
        return out

    def _read_match(self, match: Node, out: DraftRoute) -> None:
        try:
            out.methods, out.path = read_match(str(match.value), _usual_method(out.pipeline))
            out.pattern = read_path(out.path)
        except BadMatch as bad:
            if match.substituted:
                # What it says quotes the value, which may be a secret in the wrong place.
                self._desk.error(match, "R050", "this is not `METHOD /path`")
            else:
                self._desk.error(match, "R050", bad.says, bad.hint)

    def _by_name(self, line: Node) -> DraftPipeline | None:
        name, known = str(line.value), self._draft.pipelines
        found = known.get(name)
        if found is None and name not in self._draft.unread:
            hint = (
                self._desk.suggest(name, known) if name not in self._parts.stages else f"a stage stands in a list: `[{name}]`"
            )
            self._desk.error(line, "R033", f"there is no pipeline {shown(line)}", hint)
        return found


def _usual_method(pipeline: DraftPipeline | None) -> str:
    """A chat comes in a body; what reads none is asked for with GET."""
    if pipeline is None or not pipeline.whole:
        return "POST"
    reads = any("chat" in stage.type.reads | stage.type.writes for stage in pipeline.stages if stage.type)
    return "POST" if reads else "GET"
