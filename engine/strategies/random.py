"""Any of them, by lot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.strategies.strategy import Dice, Member, Planner, Strategy, draw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.targets import Plan


@dataclass(frozen=True)
class Random(Strategy):
    """Each request goes to one member, all equally likely however many keys they have (`even` counts keys)."""

    example = "{strategy: random, of: [openai, gemini]}"

    def bind(self, members: Sequence[Member], dice: Dice) -> Planner:
        plans = tuple(member.plan for member in members)

        def random(model: str, asked: str = "") -> Plan:
            return draw(plans, dice)(model, asked)

        return random
