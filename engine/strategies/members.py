"""The providers and pools of a program, bound once: what a model's `provider:` stands for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import TYPE_CHECKING, TypeVar

from engine.faults import Fault
from engine.strategies.strategy import Dice, Member, Planner, Strategy
from engine.targets import Ask, Plan, Target

if TYPE_CHECKING:
    from engine.limits.cooling import Cooling
    from engine.program import Pool, Program, Provider

TargetsOf = Callable[["Provider", str], tuple[Target, ...]]
T = TypeVar("T")

_REMEMBERED = 64  # sets of members that were free at the same time


class Members:
    """Members by name. Turns (of round robin, of keys) are kept here: one Members a program, shared by all its routes.

    `targets_of(provider, model)` are a provider's targets, one per key (engine.providers.targets); `cooling` knows which of
    them are to be left alone for a while."""

    def __init__(self, program: Program, targets_of: TargetsOf, dice: Dice, cooling: Cooling | None = None) -> None:
        self.cooling = cooling
        self._program = program
        self._targets_of = targets_of
        self._dice = dice
        self._made: dict[str, Member] = {}

    def __getitem__(self, name: str) -> Member:
        """The provider or pool of this name. Raises KeyError."""
        if name not in self._made:
            pool = self._program.pools.get(name)
            self._made[name] = self._pool(pool) if pool else self._provider(self._program.providers[name])
        return self._made[name]

    def below(self, name: str) -> list[Member]:
        """The providers below a pool, or the provider itself: each once, in the order of the table."""
        pools, leaves, seen = self._program.pools, [], set()
        todo = [name]
        while todo:
            here = todo.pop(0)
            if here in seen:
                continue  # pools may share members
            seen.add(here)
            if here in pools:
                todo[:0] = pools[here].of
            else:
                leaves.append(self[here])
        return leaves

    def _pool(self, pool: Pool) -> Member:
        """Members that cannot be asked are passed over; a pool of nothing else cannot be asked either."""
        inner = [self[name] for name in pool.of]
        usable = [member for member in inner if not member.unavailable]
        if not usable:
            return _unavailable(pool.name, "; ".join(dict.fromkeys(leaf.unavailable for leaf in self.below(pool.name))))
        assert isinstance(pool.part, Strategy)

        def targets(model: str) -> tuple[Target, ...]:
            return tuple(target for leaf in self.below(pool.name) for target in leaf.targets(model))

        return Member(pool.name, self._plan_over(usable, pool.part), targets, "", self.cooling)

    def _plan_over(self, members: Sequence[Member], part: Strategy) -> Planner:
        """The pool's strategy; while some of its members are to be left alone, the same over those that it says (F-13)."""
        cooling, usual = self.cooling, part.bind(members, self._dice)
        if cooling is None or len(members) < 2:
            return usual
        known: dict[tuple[str, ...], Planner] = {}  # so that turns are kept

        def plan(model: str, asked: str = "") -> Plan:
            if not cooling:
                return usual(model, asked)
            lefts = {member.name: member.left(model, asked) for member in members}
            if not any(lefts.values()):
                return usual(model, asked)
            rested = part.rested(members, lambda member: lefts[member.name])
            names = tuple(member.name for member in rested)
            if names not in known:
                if len(known) >= _REMEMBERED:
                    known.clear()
                known[names] = part.bind(rested, self._dice)
            return known[names](model, asked)

        return plan

    def _provider(self, provider: Provider) -> Member:
        """A leaf: one ask, whose targets are the provider's keys, begun with another key each time."""
        if provider.unavailable:
            return _unavailable(provider.name, provider.unavailable)
        turns = count()
        targets = _remembered(lambda model: self._targets_of(provider, model))
        asks: dict[str, tuple[Ask, ...]] = {}  # only names that stand in the table come here

        cooling = self.cooling

        def ask_provider(model: str, asked: str = "") -> Plan:
            ready = asks.get(model)
            if ready is None:
                ready = asks[model] = tuple(Ask(turned) for turned in _rotations(targets(model)))
            ask = ready[next(turns) % len(ready)]
            yield Ask(cooling.in_order(ask.targets, asked)) if cooling else ask

        return Member(provider.name, ask_provider, targets, "", cooling)


def _unavailable(name: str, why: str) -> Member:
    def nothing(model: str, asked: str = "") -> Plan:  # noqa: ARG001
        raise Fault("model_unavailable", why)

    return Member(name, nothing, lambda _: (), why)


def _rotations(targets: tuple[Target, ...]) -> tuple[tuple[Target, ...], ...]:
    return tuple(targets[i:] + targets[:i] for i in range(len(targets)))


def _remembered(make: Callable[[str], T]) -> Callable[[str], T]:
    """`make` asked once per model. Only names that stand in the table come here, so what is remembered is bounded."""
    known: dict[str, T] = {}

    def remembered(model: str) -> T:
        if model not in known:
            known[model] = make(model)
        return known[model]

    return remembered
