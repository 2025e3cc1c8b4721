"""Hot: guarded by bench/micro/select.py. From the name that a client gives to a plan: `select: {by: model}`.

Exact names go before patterns, patterns in the order of the table (`*` stands for anything), then the default. Everything
is resolved when the program is bound; a request costs a look-up.
"""

from __future__ import annotations

import difflib
import fnmatch
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.faults import Fault, quoted
from engine.targets import Ask, Considered, Plan, Race

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from engine.program import Default, Model, Program
    from engine.strategies.members import Members
    from engine.strategies.strategy import Member

LONGEST_NAME = 256  # characters; no provider's model names come near


@dataclass(frozen=True, slots=True)
class Way:
    """Where a name goes: `model` is the provider's name for it, "" keeps the client's; `why` is for explanations."""

    name: str
    member: Member
    model: str
    why: str


class ByModel:
    """`choose(name)` for the models of a program."""

    def __init__(self, program: Program, members: Members) -> None:
        self._members = members
        ways = [(model, _way_of(model, members)) for model in program.models]
        self._exact = {model.name: way for model, way in reversed(ways) if "*" not in model.name}
        self._patterns = [(_matcher(model.name), way) for model, way in ways if "*" in model.name]
        self._names = [model.name for model in program.models if "*" not in model.name]
        self._default = None if program.default is None else self._default_way(program.default)

    def choose(self, name: str, considered: list[Considered] | None = None) -> Plan:
        """Raises Fault("unknown_model" | "model_unavailable"). With a list, it is told of every candidate and why."""
        way = self._exact.get(name) or self._by_pattern(name) or self._default
        if considered is not None:
            considered += self._weighed(name, way)
        if way is None or len(name) > LONGEST_NAME:
            raise self._unknown(name)
        plan = way.member.plan(way.model, name)
        return plan if considered is None else self._told(plan, way, considered)

    def _by_pattern(self, name: str) -> Way | None:
        return next((way for matches, way in self._patterns if matches(name)), None)

    def _default_way(self, default: Default) -> Way | None:
        if default.provider:
            return Way("default", self._members[default.provider], default.model, "no name matches; the default provider")
        way = self._exact.get(default.model) or self._by_pattern(default.model)
        return way and Way(way.name, way.member, way.model or default.model, "no name matches; the default model")

    def _unknown(self, name: str) -> Fault:
        if not name:
            return Fault("unknown_model", "the request names no model", param="model")
        near = difflib.get_close_matches(name[:64], self._names, 1, 0.75)
        hint = f"; did you mean `{near[0]}`?" if near else ""
        return Fault("unknown_model", quoted(name) + hint, param="model")

    def _weighed(self, name: str, chosen: Way | None) -> Iterator[Considered]:
        """What was looked at to find the way: the one that was taken, and what would have matched too."""
        if chosen is not None:
            yield Considered(chosen.name, True, chosen.why)
        for matches, way in self._patterns:
            if way is not chosen and matches(name):
                yield Considered(way.name, False, "matches too, but stands later")
        if self._default is not None and self._default is not chosen:
            yield Considered(self._default.name, False, "the default, for names that nothing matches")

    def _told(self, plan: Plan, way: Way, considered: list[Considered]) -> Plan:
        """The same plan, begun, so that its first step can be told."""
        first = next(plan)
        asks = first.asks if isinstance(first, Race) else (first,)
        chosen = [ask.targets[0].name for ask in asks]
        considered += (Considered(name, True, "asked first" if len(asks) == 1 else "raced") for name in chosen)
        for leaf in self._members.below(way.member.name):
            others = [t.name for t in leaf.targets(way.model) if t.name not in chosen]
            considered += (Considered(name, False, "in reserve, or not its turn") for name in others)
            if leaf.unavailable:
                considered.append(Considered(leaf.name, False, leaf.unavailable))
        return _go_on(first, plan)


def _go_on(step: Ask | Race, plan: Plan) -> Plan:
    while True:
        outcome = yield step
        try:
            step = plan.send(outcome)
        except StopIteration:
            return


def _way_of(model: Model, members: Members) -> Way:
    why = "matches this pattern" if "*" in model.name else "is this name"
    return Way(model.name, members[model.provider], model.model, why)


def _matcher(pattern: str) -> Callable[[str], re.Match[str] | None]:
    # Only `*` is special in model names; fnmatch writes expressions that never backtrack over what a star took.
    literal = pattern.replace("[", "[[]").replace("?", "[?]")
    return re.compile(fnmatch.translate(literal)).match
