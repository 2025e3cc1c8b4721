"""The contract of a strategy: from members (providers, or pools of them) to plans.

A strategy is pure: dice are handed in, and what is tried next follows from the outcomes alone. It never counts attempts or
waits; that is the business of whoever carries a plan out.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from engine.parts import Part

if TYPE_CHECKING:
    from engine.limits.cooling import Cooling
    from engine.targets import Ask, Outcome, Plan, Race, Target

Dice = Callable[[], float]
Choice = TypeVar("Choice")


class Planner(Protocol):
    def __call__(self, model: str, asked: str = "") -> Plan:
        """A fresh plan for a model, "" to keep the client's name, which is `asked`."""


@dataclass(frozen=True, slots=True)
class Member:
    """A provider or a pool, as a strategy sees it. `targets` are all targets below it for a model. `unavailable` says why it
    cannot be asked ("" when it can); `cooling` knows which targets are to be left alone, None when nobody keeps count."""

    name: str
    plan: Planner
    targets: Callable[[str], tuple[Target, ...]]
    unavailable: str = ""
    cooling: Cooling | None = None

    def left(self, model: str, asked: str) -> float:
        """Seconds until one of its targets is free."""
        cooling = self.cooling
        return min(cooling.left(target, asked) for target in self.targets(model)) if cooling else 0.0


class Strategy(Part):
    """How a pool goes over its members."""

    def bind(self, members: Sequence[Member], dice: Dice) -> Planner:
        """Makes plans over members that are all available; there is at least one. `dice` is uniform in [0, 1)."""
        raise NotImplementedError

    def rested(self, members: Sequence[Member], left: Callable[[Member], float]) -> Sequence[Member]:
        """The members to go over while some are to be left alone for `left(member)` seconds: those that are free; when none
        is, the one that is free soonest."""
        return [member for member in members if not left(member)] or [min(members, key=left)]

    def flaws(self, of: Sequence[str]) -> Iterator[tuple[str, str]]:  # noqa: ARG002
        """What is wrong with these options beyond their schema: (option name or "", sentence). `of` are the members."""
        return iter(())


def once(ask: Ask) -> Plan:
    """The plan of a single ask."""
    yield ask


def draw(choices: Sequence[Choice], dice: Dice) -> Choice:
    """One of them, each as likely as any other."""
    return choices[int(dice() * len(choices))]


def carry(plan: Plan) -> Generator[Ask | Race, Outcome, Outcome | None]:
    """A member's plan as a part of a larger one: `outcome = yield from carry(plan)` is how its last ask ended, None when it
    had none."""
    outcome = None
    step = next(plan, None)
    while step is not None:
        outcome = yield step
        try:
            step = plan.send(outcome)
        except StopIteration:
            break
    return outcome
