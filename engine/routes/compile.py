"""The one entry: a text and an environment in, a program or complaints out. Pure; the same checker at every door."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.program import Default, Model, Pool, Program, Provider, Route, StageUse
from engine.routes.complaints import in_order
from engine.routes.desk import Desk
from engine.routes.exposure import check_exposure
from engine.routes.flow import check_flow
from engine.routes.manners import check_manners
from engine.routes.names import check_names
from engine.routes.raw import split_lines
from engine.routes.reach import answered_methods, check_reach
from engine.routes.substitution import substitute
from engine.routes.supply import supply
from engine.routes.text import load
from engine.routes.validate import validate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from engine.complaint import Complaint
    from engine.routes.draft import Draft, DraftModel, DraftPool, DraftRoute
    from engine.routes.node import Node
    from engine.routes.shape import Parts


@dataclass(frozen=True, slots=True)
class Checked:
    """`program` is None when a complaint is an error. Complaints stand in the order of the file."""

    program: Program | None
    complaints: list[Complaint] = field(default_factory=list)


def check(text: str, file: str, environ: Mapping[str, str], read_file: Callable[[str], str], parts: Parts) -> Checked:
    """Every complaint about a table in one pass, and the program when none of them is an error.

    `file` is what complaints call the table; `read_file` gives the text of a secret file, and raises OSError or ValueError.
    Whatever the text, nothing is raised."""
    text = text.removeprefix("\ufeff")
    desk = Desk(file)
    root, complaints = load(text, file)
    desk.take(complaints)
    if root is None:
        return Checked(None, in_order(desk.complaints))
    desk.take(substitute(root, environ, read_file, file))
    draft = validate(root, parts, desk)
    providers = _prove(draft, parts, split_lines(text), desk)
    complaints = in_order(desk.complaints)
    if desk.failed:
        return Checked(None, complaints)
    return Checked(_program(draft, providers, _digest(text, root), tuple(complaints)), complaints)


def _prove(draft: Draft, parts: Parts, lines: list[str], desk: Desk) -> dict[str, Provider]:
    check_names(draft, parts, desk)
    providers = supply(draft, parts, lines, desk)
    check_flow(draft, parts, desk)
    check_exposure(draft, desk)
    check_manners(draft, desk)
    check_reach(draft, desk)
    return providers


def _digest(text: str, root: Node) -> str:
    """The same text with the same substituted values is the same program."""
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass"))
    todo = [root]
    while todo:
        node = todo.pop()
        if node.substituted:
            # Length first, so that values cannot run into each other.
            value = node.text.encode("utf-8", "surrogatepass")
            digest.update(b"%d:" % len(value) + value)
        elif isinstance(node.value, dict):
            todo += node.value.values()
        elif isinstance(node.value, list):
            todo += node.value
    return digest.hexdigest()


def _program(draft: Draft, providers: Mapping[str, Provider], digest: str, warnings: tuple[Complaint, ...]) -> Program:
    return Program(
        digest=digest,
        server=draft.server,
        providers=providers,
        pools={name: _pool(pool) for name, pool in draft.pools.items()},
        models=tuple(_model(model) for model in draft.models),
        default=_default(draft),
        routes=tuple(_route(route) for route in draft.routes),
        warnings=warnings,
    )


def _sound(thing: Any) -> Any:
    # No complaint was an error, so there is nothing that could not be built.
    assert thing is not None
    return thing


def _pool(pool: DraftPool) -> Pool:
    words = _sound(pool.words)
    return Pool(pool.name, words.strategy, _sound(pool.own), tuple(words.of))


def _model(model: DraftModel) -> Model:
    words = _sound(model.words)
    can = None if words.can is None else tuple(words.can)
    return Model(words.name, words.provider, words.model or "", words.description or "", can)


def _default(draft: Draft) -> Default | None:
    words = draft.default
    return Default(words.provider or "", words.model or "") if words else None


def _route(route: DraftRoute) -> Route:
    words, pipeline = _sound(route.words), _sound(route.pipeline)
    return Route(
        name=words.match,
        methods=answered_methods(route),
        pattern=route.path,
        speaks=words.speaks or "",
        public=words.public,
        stages=tuple(StageUse(stage.word, _sound(stage.part), stage.node.line) for stage in pipeline.stages),
        line=(route.node.get("match") or route.node).line,
        errors=words.errors,
    )
