"""Whether the providers that a route can reach speak its client's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from engine.program import Provider
    from engine.routes.desk import Desk
    from engine.routes.draft import Draft, DraftRoute
    from engine.routes.shape import Parts


def check_serve(draft: Draft, providers: Mapping[str, Provider], parts: Parts, desk: Desk) -> None:
    """Warns of routes whose `speaks` no provider behind them speaks: formats are not converted into each other yet."""
    named = _reached(draft)
    if not _sound(draft, named, providers):
        return  # what is wrong there may be the one that speaks it
    reached = sorted(named & providers.keys())
    spoken = {name: _formats(providers[name], parts) for name in reached}
    for route in draft.routes:
        speaks = route.words.speaks if route.words else None
        if not speaks or speaks not in parts.formats or not _calls(route) or not reached:
            continue
        if not any(speaks in formats for formats in spoken.values()):
            others = ", ".join(f"`{name}`" for name in sorted(set().union(*spoken.values())))
            says = f"no provider that a model leads to speaks `{speaks}`, so every call would fail; they speak {others}"
            desk.warn(route.node.get("speaks") or route.node, "R053", says)


def _sound(draft: Draft, named: set[str], providers: Mapping[str, Provider]) -> bool:
    """Whether all that models and the default lead to could be read."""
    read = all(model.words for model in draft.models) and (draft.default is not None or draft.default_node is None)
    pools = {name for name, pool in draft.pools.items() if pool.words}
    return read and named <= providers.keys() | pools


def _formats(provider: Provider, parts: Parts) -> set[str]:
    kind = parts.kinds[provider.kind]
    return {provider.format, *(kind.also if kind.format == provider.format else ())}


def _calls(route: DraftRoute) -> bool:
    return any("reply" in stage.type.writes for stage in (route.pipeline.stages if route.pipeline else ()) if stage.type)


def _reached(draft: Draft) -> set[str]:
    """Names of what models and the default lead to, pools with all below them."""
    todo = list(_named(draft))
    found: set[str] = set()
    while todo:
        name = todo.pop()
        if name in found:
            continue
        found.add(name)
        pool = draft.pools.get(name)
        todo += pool.words.of if pool and pool.words else ()
    return found


def _named(draft: Draft) -> Iterator[str]:
    yield from (model.words.provider for model in draft.models if model.words)
    if draft.default and draft.default.provider:
        yield draft.default.provider
