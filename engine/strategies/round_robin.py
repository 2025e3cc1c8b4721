"""Each in its turn."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from engine.strategies.strategy import Dice, Member, Planner, Strategy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.targets import Plan


@dataclass(frozen=True)
class RoundRobin(Strategy):
    """Each request goes to the next member in turn. Every worker counts its own turns. For another try elsewhere when a
    member fails, put the pool into a `fallback`."""

    example = "{strategy: round_robin, of: [openai, gemini]}"

    def bind(self, members: Sequence[Member], dice: Dice) -> Planner:  # noqa: ARG002
        plans = tuple(member.plan for member in members)
        turns = count()

        def round_robin(model: str, asked: str = "") -> Plan:
            return plans[next(turns) % len(plans)](model, asked)

        return round_robin
