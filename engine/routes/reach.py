"""A route that an earlier one takes everything from would never run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.program import Route
from engine.routes.flow import PREFLIGHTS
from engine.routes.tree import Leaf, Tree

if TYPE_CHECKING:
    from engine.routes.desk import Desk
    from engine.routes.draft import Draft, DraftRoute
    from engine.routes.pattern import Pattern


def check_reach(draft: Draft, desk: Desk) -> None:
    """Asks, for every method of every route, whether one earlier route takes every path that this one matches."""
    trees: dict[str, Tree] = {}
    for order, route in enumerate(draft.routes):
        if route.pattern is None:
            continue
        covers = [_cover(trees.get(method), route.pattern) for method in route.methods]
        if all(cover is not None for cover in covers):
            _complain(route, draft, [cover for cover in covers if cover is not None], desk)
        for method in answered_methods(route):
            stand_in = Route(route.path, (), route.path, "", False, (), route.node.line)
            trees.setdefault(method, Tree()).add(route.pattern, Leaf(stand_in, order, route.pattern.names))


def answered_methods(route: DraftRoute) -> tuple[str, ...]:
    """The methods that are written, and OPTIONS when the pipeline begins by answering preflights (`cors`)."""
    stages = route.pipeline.stages if route.pipeline else []
    preflights = bool(stages) and stages[0].word == PREFLIGHTS
    return (*route.methods, "OPTIONS") if preflights and "OPTIONS" not in route.methods else route.methods


def _cover(tree: Tree | None, pattern: Pattern) -> Leaf | None:
    """The first route in the tree that takes all that `pattern` matches.

    Each `{name}` is replaced by a character that no pattern can hold literally: whoever matches the result has a
    `{name}` there, which takes anything else in its place too. So one look-up decides it, and exactly."""
    if tree is None:
        return None
    segments = [s.before + ("\0" + s.after if s.name else "") for s in pattern.segments]
    found = tree.find(segments, open_ended=bool(pattern.rest))
    return found[0] if found else None


def _complain(route: DraftRoute, draft: Draft, covers: list[Leaf], desk: Desk) -> None:
    node = route.node.get("match") or route.node
    earlier = dict.fromkeys(leaf.order for leaf in covers)
    places = [_place(draft.routes[order]) for order in earlier]
    same = all(draft.routes[order].path == route.path for order in earlier)
    verb = "take" if len(places) > 1 else "takes"
    says = f"this route is never reached: {' and '.join(places)} {verb} {'the same path' if same else 'all that it matches'}"
    desk.error(node, "R051", says, "the first match in file order wins" if same else "put the narrower route first")


def _place(route: DraftRoute) -> str:
    node = route.node.get("match") or route.node
    if node.substituted:
        return f"the route at line {node.line}"  # part of it may be a secret in the wrong place
    return f"`{str(node.value)[:60]}` at line {node.line}"
