"""A program made ready to run: every stage of every route bound to the services once, at load."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.formats import FORMATS
from engine.formats.error_writer import ErrorWriter, errors_of
from engine.ports import Binding
from engine.program import Route

if TYPE_CHECKING:
    from engine.formats.format import Format
    from engine.parts import Deed
    from engine.ports import Services
    from engine.program import Program, StageUse

# Errors outside any format's routes (health, a path nobody knows) take the shape that most clients understand.
PLAIN = FORMATS["openai_chat"]
UNSAID = ErrorWriter(PLAIN)


@dataclass(frozen=True, slots=True)
class Line:
    """One route, bound: `deeds` run in order until one answers, `sending` before an answer goes out, `after` always, when the
    last byte is out; `errors` writes its faults. One that `watches` is served however many requests are under way (F-41)."""

    route: Route
    format: Format
    deeds: tuple[Deed, ...]
    after: tuple[Deed, ...]
    errors: ErrorWriter
    sending: tuple[Deed, ...] = ()
    watches: bool = False


def lay(program: Program, services: Services) -> dict[str, Line]:
    """A line for every route, by the route's name."""
    shared: dict[str, Any] = {}
    return {route.name: _lay_one(Binding(program, route, services, shared)) for route in program.routes}


def lay_nowhere(nearest: Line | None, logged: tuple[Deed, ...], errors: ErrorWriter = UNSAID) -> Line:
    """What a request runs on that no route takes: nothing but the error as the nearest route writes it, and what that route
    does with its answers and afterwards; `errors` and `logged` where there is none."""
    if nearest is None:
        return Line(Route("(none)", (), "", "", True, ()), PLAIN, (), logged, errors)
    route = Route(name="(none)", methods=(), pattern="", speaks=nearest.route.speaks, public=True, stages=())
    return Line(route, nearest.format, (), nearest.after or logged, nearest.errors, nearest.sending)


def _lay_one(binding: Binding) -> Line:
    route = binding.route

    def bound(uses: list[StageUse]) -> tuple[Deed, ...]:
        return tuple(use.part.bind(binding) for use in uses)

    first = bound([use for use in route.stages if not (use.part.sending or use.part.after)])
    sending = bound([use for use in route.stages if use.part.sending])
    last = bound([use for use in route.stages if use.part.after])
    spoken = FORMATS[route.speaks] if route.speaks else PLAIN
    watches = any(use.part.watches for use in route.stages)
    return Line(route, spoken, first, last, errors_of(binding.program, route, spoken), sending, watches)
