"""By lot, some more often than others."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from engine.parts import option
from engine.strategies.strategy import Dice, Member, Planner, Strategy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from engine.targets import Plan


@dataclass(frozen=True)
class Weighted(Strategy):
    """Each request goes to one member by lot, as often as its weight says. A member that is not named has weight 1; weight
    0 is never drawn."""

    example = "{strategy: weighted, of: [openai, azure], weights: {openai: 1, azure: 9}}"

    weights: dict[str, int] = option("Weights by member.", minimum=0, example={"openai": 1, "azure": 9})

    def flaws(self, of: Sequence[str]) -> Iterator[tuple[str, str]]:
        for name in self.weights:
            if name not in of:
                yield "weights", f"`{name}` has a weight but is not a member"
        if not any(self.weights.get(name, 1) for name in of):
            yield "weights", "every member has weight 0, so none would be asked"

    def bind(self, members: Sequence[Member], dice: Dice) -> Planner:
        plans = tuple(member.plan for member in members)
        # When only members of weight 0 are left available, asking one of them beats asking nobody.
        weights = [self.weights.get(member.name, 1) for member in members]
        bounds = list(accumulate(weights if any(weights) else [1] * len(members)))

        def weighted(model: str, asked: str = "") -> Plan:
            return plans[bisect_right(bounds, dice() * bounds[-1])](model, asked)

        return weighted

    def rested(self, members: Sequence[Member], left: Callable[[Member], float]) -> Sequence[Member]:
        # That others rest is no reason to draw a member of weight 0.
        return super().rested([member for member in members if self.weights.get(member.name, 1)] or members, left)
