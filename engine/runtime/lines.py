"""A program made ready to run: every stage of every route bound to the services once, at load."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.formats import FORMATS
from engine.ports import Binding
from engine.program import Route

if TYPE_CHECKING:
    from engine.formats.format import Format
    from engine.parts import Deed
    from engine.ports import Services
    from engine.program import Program, StageUse

# Errors outside any format's routes (health, a path nobody knows) take the shape that most clients understand.
PLAIN = FORMATS["openai_chat"]


@dataclass(frozen=True, slots=True)
class Line:
    """One route, bound: `deeds` run in order until one answers, `after` always, when the last byte is out. One that `watches`
    is served however many requests are under way (F-41)."""

    route: Route
    format: Format
    deeds: tuple[Deed, ...]
    after: tuple[Deed, ...]
    watches: bool = False


def lay(program: Program, services: Services) -> dict[str, Line]:
    """A line for every route, by the route's name."""
    shared: dict[str, Any] = {}
    return {route.name: _lay_one(Binding(program, route, services, shared)) for route in program.routes}


def lay_nowhere(nearest: Line | None, logged: tuple[Deed, ...]) -> Line:
    """What a request runs on that no route takes: nothing but the error in the nearest route's format, and what that route
    does afterwards; `logged` where it does nothing."""
    speaks = nearest.route.speaks if nearest else ""
    route = Route(name="(none)", methods=(), pattern="", speaks=speaks, public=True, stages=())
    return Line(route, nearest.format if nearest else PLAIN, (), (nearest.after if nearest else ()) or logged)


def _lay_one(binding: Binding) -> Line:
    route = binding.route

    def bound(uses: list[StageUse]) -> tuple[Deed, ...]:
        return tuple(use.part.bind(binding) for use in uses)

    first = bound([use for use in route.stages if not use.part.after])
    last = bound([use for use in route.stages if use.part.after])
    watches = any(use.part.watches for use in route.stages)
    return Line(route, FORMATS[route.speaks] if route.speaks else PLAIN, first, last, watches)
