"""A pipeline is a straight line: what a stage reads, an earlier one must have written.

Stages that run when there is an answer, or after the last byte, may stand anywhere and read whatever there is by then; they
take no part in this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.routes.node import Node

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from engine.parts import Stage
    from engine.routes.desk import Desk
    from engine.routes.draft import Draft, DraftPipeline, DraftRoute, DraftStage
    from engine.routes.shape import Parts

PREFLIGHTS = "cors"  # the stage that answers OPTIONS
# What every exchange has from the beginning.
GIVEN = frozenset({"began", "captures", "considered", "extra", "id", "notes", "request", "route", "tries"})


def check_flow(draft: Draft, parts: Parts, desk: Desk) -> None:
    """Every route's pipeline, and the pipelines that no route uses."""
    flow = _Flow(parts, desk)
    for pipeline in draft.pipelines.values():
        flow.line(pipeline)
    for route in draft.routes:
        if route.pipeline is not None:
            if id(route.pipeline) not in {id(pipeline) for pipeline in draft.pipelines.values()}:
                flow.line(route.pipeline)
            flow.route(route, route.pipeline)


class _Flow:
    def __init__(self, parts: Parts, desk: Desk) -> None:
        self._parts = parts
        self._desk = desk

    def line(self, pipeline: DraftPipeline) -> None:
        """What can be said whatever route uses it."""
        told = [*self._twice(pipeline.stages), *self._preflight(pipeline.stages)]
        if not pipeline.whole:
            return  # an unknown stage may be the one that writes what is missing
        stages = before_the_last_byte(pipeline)
        self._inputs(stages)
        self._answer(pipeline, stages, {id(stage) for stage in told})

    def route(self, route: DraftRoute, pipeline: DraftPipeline) -> None:
        """What depends on the route."""
        public = bool(route.words and route.words.public)
        if route.words is not None:
            self._own_flaws(pipeline, public, route.words.speaks or "")
            self._strays(pipeline, route)
            self._speaks(route, pipeline)
            if pipeline.whole and not public:
                self._guarded(before_the_last_byte(pipeline))

    def _twice(self, stages: Iterable[DraftStage]) -> Iterator[DraftStage]:
        """Complains, and gives what it has complained of."""
        seen: set[str] = set()
        for stage in stages:
            if stage.word in seen and stage.type is not None:
                self._desk.error(
                    stage.node, "R043", f"`{stage.word}` stands twice in this pipeline", "take one away", on_key=False
                )
                yield stage
            seen.add(stage.word)

    def _preflight(self, stages: list[DraftStage]) -> Iterator[DraftStage]:
        """A preflight carries no key and no body: whatever stands before `cors` would refuse it. Gives what it has
        complained of, which is the first only: that it stands twice is another complaint."""
        late = next((stage for stage in stages if stage.word == PREFLIGHTS and stage.type is not None), None)
        if late is not None and late is not stages[0]:
            self._desk.error(_point(late), "R043", "`cors` answers preflights only as the first stage", "put it first")
            yield late

    def _inputs(self, stages: list[DraftStage]) -> None:
        written = set(GIVEN)
        for place, stage in enumerate(stages):
            assert stage.type is not None
            needed = stage.type.reads if stage.part is None else stage.part.needs()
            for name in sorted(needed - written):
                says = f"`{stage.word}` needs `{name}`, which no earlier stage gives"
                self._desk.error(_point(stage), "R040", says, self._who_gives(name, stages[place + 1 :]))
            written |= stage.type.writes | needed

    def _who_gives(self, name: str, later: list[DraftStage]) -> str:
        for stage in later:
            if stage.type is not None and name in stage.type.writes and "answer" not in stage.type.writes:
                return f"move `{stage.word}` before it"
        writes = {word: _writes(stage) for word, stage in self._parts.stages.parts.items()}
        # What answers as well leaves nothing to whoever reads it.
        givers = [word for word, written in writes.items() if name in written and "answer" not in written]
        return "put " + " or ".join(f"`{word}`" for word in givers) + " before it" if givers else ""

    def _answer(self, pipeline: DraftPipeline, stages: list[DraftStage], told: set[int]) -> None:
        answering = next((place for place, stage in enumerate(stages) if "answer" in _writes(stage.type)), None)
        if answering is None:
            words = [word for word in self._parts.stages if "answer" in _writes(self._parts.stages[word])]
            hint = "stages that do: " + ", ".join(f"`{word}`" for word in words) if words else ""
            node = pipeline.node
            self._desk.error(node, "R044", "no stage of this pipeline gives an answer", hint, on_key=True)
            return
        behind = [stage for stage in stages[answering + 1 :] if id(stage) not in told]
        if behind:
            self._idle(stages[answering].word, behind)

    def _idle(self, word: str, behind: list[DraftStage]) -> None:
        """One complaint for all that would never run, at the first of it."""
        others = any("answer" in _writes(stage.type) for stage in behind)
        more = f" and {len(behind) - 1} more" if len(behind) > 1 else ""
        them = "them" if more else "it"
        says = f"`{behind[0].word}`{more} would never run: `{word}` before {them} has answered"
        hint = f"put {them} before `{word}`"
        if others:
            hint = f"take `{word}` away, or what stands behind it" if more else "take one of them away"
        self._desk.error(_point(behind[0]), "R043", says, hint)

    def _fits(self, stage: DraftStage, part: Stage, speaks: str) -> None:
        only = part.formats()
        if only and speaks and speaks not in only:
            formats = " or ".join(f"`{name}`" for name in sorted(only))
            says = f"`{stage.word}` has options that are only for routes that speak {formats}"
            self._desk.error(_point(stage), "R045", says, "give this route a pipeline of its own")

    def _own_flaws(self, pipeline: DraftPipeline, public: bool, speaks: str) -> None:
        for stage in pipeline.stages:
            if stage.part is None:
                continue
            self._fits(stage, stage.part, speaks)
            for option, says in stage.part.flaws(public):
                node = stage.options.get(option) if stage.options and option else None
                code = "R042" if "caller" in stage.part.writes and option in ("keys", "") else "R045"
                says = f"`{stage.word}`: {says}"
                self._desk.error(node or _point(stage), code, says, on_key=node is not None)

    def _strays(self, pipeline: DraftPipeline, route: DraftRoute) -> None:
        """Options that speak of the route's path."""
        if route.pattern is None:
            return
        for stage in pipeline.stages:
            for option, says in stage.part.strays(route.path, frozenset(route.pattern.names)) if stage.part else ():
                node = stage.options.get(option) if stage.options else None
                self._desk.error(node or _point(stage), "R045", f"`{stage.word}`: {says}", on_key=node is not None)

    def _speaks(self, route: DraftRoute, pipeline: DraftPipeline) -> None:
        """Whoever reads a client's chat, or writes a reply to it, must know in which format."""
        if route.words is None or route.words.speaks:
            return
        for stage in pipeline.stages:
            if stage.type is not None and needs_format(stage.type):
                formats = ", ".join(f"`{name}`" for name in sorted(self._parts.formats))
                says = f"`{stage.word}` needs to know the client's wire format, and this route has no `speaks`"
                self._desk.error(route.node.get("match") or route.node, "R052", says, f"say `speaks:` and one of {formats}")
                return

    def _guarded(self, stages: list[DraftStage]) -> None:
        for stage in stages:
            if "caller" in _writes(stage.type):
                return
            if "reply" in _writes(stage.type):
                says = f"`{stage.word}` spends your keys for whoever calls: no `auth` stands before it"
                self._desk.error(_point(stage), "R041", says, "put `auth` first, or say `public: true` on the route")
                return


def before_the_last_byte(pipeline: DraftPipeline) -> list[DraftStage]:
    """The stages that run in their place."""
    return [stage for stage in pipeline.stages if stage.type is not None and not (stage.type.sending or stage.type.after)]


def needs_format(stage: type[Stage]) -> bool:
    return "chat" in stage.writes or {"reply", "answer"} <= stage.reads | stage.writes


def _writes(stage: type[Stage] | None) -> frozenset[str]:
    return stage.writes if stage else frozenset()


def _point(stage: DraftStage) -> Node:
    """Where a complaint about the stage itself points: at its word."""
    if stage.options is None or not stage.options.key_line:
        return stage.node
    word = stage.options
    return Node(None, word.key_line, word.key_column, word.key_length, stage.node.parent, stage.node.step)
