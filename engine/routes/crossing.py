"""Where a route's clients and the providers behind it speak different formats, and what is lost between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.formats.losses import lost

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from engine.formats.losses import Feature, Loss
    from engine.program import Program, Provider, Route
    from engine.routes.shape import Parts

KINDS = ("refused", "changed", "dropped")  # the gravest first


@dataclass(frozen=True, slots=True)
class Crossing:
    """The routes that speak one format and convert alike (`on_loss` as their `convert` says), and the providers among those
    that they can reach which speak another."""

    speaks: str
    theirs: str
    on_loss: str
    routes: tuple[str, ...]
    providers: tuple[str, ...]


def crossings(program: Program, parts: Parts) -> list[Crossing]:
    """In the order of the routes, then of the providers. Equal formats pass untouched and are none."""
    routes: dict[tuple[str, str, str], dict[str, None]] = {}
    providers: dict[tuple[str, str, str], dict[str, None]] = {}
    for route in program.routes:
        if not route.speaks or not _calls(route):
            continue
        for name in _reached(program, route):
            provider = program.providers[name]
            if route.speaks not in _formats(provider, parts):
                key = (route.speaks, provider.format, _option(route, "on_loss"))
                routes.setdefault(key, {})[route.name] = None
                providers.setdefault(key, {})[name] = None
    return [Crossing(*key, tuple(routes[key]), tuple(providers[key])) for key in routes]


def write_crossings(found: Iterable[Crossing], whole: bool) -> str:
    """One line for each, or with `whole` its table of losses too; "" for none."""
    blocks = [_head(crossing) + "\n" + (_table(crossing) if whole else "") for crossing in found]
    if not blocks:
        return ""
    hint = "" if whole else " (in full: engine check --losses)"
    return f"formats are converted, and cannot say all of each other{hint}:\n" + "".join(blocks)


def _head(crossing: Crossing) -> str:
    routes = ", ".join(crossing.routes[:2]) + (f" and {len(crossing.routes) - 2} more" if len(crossing.routes) > 2 else "")
    losses = lost(crossing.speaks, crossing.theirs)
    counts = [_count(kind, losses) for kind in KINDS]
    how = "; `on_loss: refuse`" if crossing.on_loss == "refuse" else ""
    pair = f"{crossing.speaks} -> {crossing.theirs} ({', '.join(crossing.providers)})"
    return f"  {pair}, {routes}: {'; '.join(filter(None, counts))}{how}"


def _count(kind: str, losses: Mapping[Feature, Loss]) -> str:
    names = [feature.name for feature, loss in losses.items() if loss.kind == kind]
    return f"{len(names)} {kind}: {', '.join(names)}" if names else ""


def _table(crossing: Crossing) -> str:
    losses = sorted(lost(crossing.speaks, crossing.theirs).items(), key=lambda item: KINDS.index(item[1].kind))
    width = max(len(feature.name) for feature, _ in losses)
    return "".join(
        f"    {loss.kind:<8} {feature.name:<{width}}  {'of the reply: ' if feature.where == 'reply' else ''}{feature.says}"
        f" ({loss.how})\n"
        for feature, loss in losses
    )


def _calls(route: Route) -> bool:
    # Only what is read is converted: what is forwarded passes as it is.
    return any({"reply", "answer"} & use.part.writes == {"reply"} for use in route.stages)


def _option(route: Route, name: str) -> str:
    """What a stage of the route says under `name`, "" for none."""
    return next((str(getattr(use.part, name)) for use in route.stages if hasattr(use.part, name)), "")


def _formats(provider: Provider, parts: Parts) -> set[str]:
    kind = parts.kinds[provider.kind]
    return {provider.format, *(kind.also if kind.format == provider.format else ())}


def _reached(program: Program, route: Route) -> list[str]:
    """Names of providers, in their order, pools with all below them. `select: {by: even}` asks whom it likes."""
    if _option(route, "by") == "even":
        return list(program.providers)
    todo = list(_named(program))
    found: set[str] = set()
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += program.pools[name].of if name in program.pools else ()
    return [name for name in program.providers if name in found]


def _named(program: Program) -> Iterator[str]:
    yield from (model.provider for model in program.models)
    if program.default is not None and program.default.provider:
        yield program.default.provider
