"""Reads a pipeline: a list of stages, each `word` or `word: {options}`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.parts import build
from engine.routes.desk import Desk, shown
from engine.routes.draft import DraftPipeline, DraftStage
from engine.routes.due import say_type
from engine.routes.lost import colon_lost, swallowed
from engine.routes.meant import stage_mapping, takes_secret
from engine.routes.part_schema import Schema, stage_schema

if TYPE_CHECKING:
    from engine.routes.judge import Judge
    from engine.routes.node import Node
    from engine.routes.shape import Parts

_NO_OPTIONS = {"type": "object"}


class PipelineReader:
    def __init__(self, parts: Parts, desk: Desk, judge: Judge) -> None:
        self._parts = parts
        self._desk = desk
        self._judge = judge
        self._schemas: dict[str, Schema] = {}

    def read(self, node: Node) -> DraftPipeline:
        """The pipeline as far as it can be read; complaints go to the desk."""
        if not isinstance(node.value, list):
            say_type(self._desk, node, "array")
            return DraftPipeline(node)
        if not node.value:
            self._desk.error(node, "R044", "a pipeline without a stage gives no answer", on_key=True)
            return DraftPipeline(node)
        read = [self._stage(item) for item in node.value]
        stages = [stage for stage in read if stage is not None]
        whole = len(stages) == len(read) and all(stage.type is not None for stage in stages)
        return DraftPipeline(node, stages, whole)

    def _stage(self, item: Node) -> DraftStage | None:
        value = item.value
        if isinstance(value, str):
            return self._known(DraftStage(value, item), item, on_key=False)
        if item.failed:
            return None
        if not isinstance(value, dict):
            hint = "options stand behind the word: `select: {by: model}`"
            self._desk.error(item, "R022", "a stage is a word, or a word with its options", hint)
            return None
        if len(value) != 1:
            self._desk.error(item, "R022", self._how_many(len(value)), self._likely(value))
            return None
        word, options = next(iter(value.items()))
        return self._known(DraftStage(word, item, options), options, on_key=True)

    def _how_many(self, count: int) -> str:
        return f"a stage is one word with its options, and this mapping has {count} keys"

    def _likely(self, value: dict[str, Node]) -> str:
        words = [word for word in value if word in self._parts.stages]
        if len(words) > 1:
            return "begin each stage with a `-` of its own"
        return f"indent the options further than `{words[0]}`" if words else ""

    def _known(self, stage: DraftStage, node: Node, *, on_key: bool) -> DraftStage:
        if stage.word not in self._parts.stages:
            head = stage.word.split(" ")[0]
            if not on_key and head in self._parts.stages and takes_secret(self._parts.stages[head]):
                # `auth MY-KEY`: not repeated.
                hint = f"a `:` is missing after `{head}`"
                self._desk.error(node, "R034", "there is no stage of this name", hint, hidden=True)
                return stage
            word = shown(node) if not on_key else f"`{stage.word[:60]}`"
            hint = self._lost(stage.word) or self._desk.suggest(stage.word, self._parts.stages.parts, list_up_to=20)
            self._desk.error(node, "R034", f"there is no stage {word}", hint, on_key=on_key)
            return stage
        stage.type = self._parts.stages[stage.word]
        self._build(stage)
        return stage

    def _lost(self, word: str) -> str:
        """What a word that is more than a word lost: `call  {timeout`, `respond:hi`."""
        if (found := colon_lost(word)) and found[0] in self._parts.stages:
            return f"a `:` is missing after `{found[0]}`"
        tight = swallowed((word,), self._parts.stages)
        return f"a space is missing after `{tight[word]}:`" if tight else ""

    def _build(self, stage: DraftStage) -> None:
        assert stage.type is not None
        if stage.word not in self._schemas:
            self._schemas[stage.word] = stage_schema(stage.type)
        schema, options = self._schemas[stage.word], stage.options
        if options is not None and options.failed:
            return
        if options is None or options.value is None:  # `decode`, and `decode:` with nothing behind it
            if schema.get("required"):
                self._desk.error(
                    stage.node, "R021", f"`{stage.word}` lacks `{schema['required'][0]}`", f"for example `{stage.type.example}`"
                )
            else:
                stage.part = build(stage.type, {})
        elif not isinstance(options.value, dict):
            hint, hidden = stage_mapping(options, stage.type), takes_secret(stage.type)
            say_type(self._desk, options, "object", hint=hint, hidden=hidden)
        elif self._judge.accepts(options, schema, f"`{stage.word}`"):
            stage.part = build(stage.type, options.plain())
