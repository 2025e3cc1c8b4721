"""The providers and pools of a program, bound once: what a model's `provider:` stands for."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, TypeVar

from engine.faults import Fault
from engine.strategies.strategy import Dice, Member, Strategy
from engine.targets import Ask, Plan, Target

if TYPE_CHECKING:
    from engine.program import Pool, Program, Provider

TargetsOf = Callable[["Provider", str], tuple[Target, ...]]
T = TypeVar("T")


class Members:
    """Members by name. Turns (of round robin, of keys) are kept here: one Members a program, shared by all its routes.

    `targets_of(provider, model)` are a provider's targets, one per key (engine.providers.targets)."""

    def __init__(self, program: Program, targets_of: TargetsOf, dice: Dice) -> None:
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

        return Member(pool.name, pool.part.bind(usable, self._dice), targets)

    def _provider(self, provider: Provider) -> Member:
        """A leaf: one ask, whose targets are the provider's keys, begun with another key each time."""
        if provider.unavailable:
            return _unavailable(provider.name, provider.unavailable)
        turns = count()
        targets = _remembered(lambda model: self._targets_of(provider, model))
        asks: dict[str, tuple[Ask, ...]] = {}  # only names that stand in the table come here

        def ask_provider(model: str) -> Plan:
            ready = asks.get(model)
            if ready is None:
                ready = asks[model] = tuple(Ask(turned) for turned in _rotations(targets(model)))
            yield ready[next(turns) % len(ready)]

        return Member(provider.name, ask_provider, targets)


def _unavailable(name: str, why: str) -> Member:
    def nothing(model: str) -> Plan:  # noqa: ARG001
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
