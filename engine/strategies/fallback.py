"""One after the other, until one answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from engine.parts import option
from engine.strategies.strategy import Dice, Member, Planner, Strategy, carry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from engine.targets import Plan

Reason = Literal["rate_limit", "server", "timeout", "network", "auth"]


@dataclass(frozen=True)
class Fallback(Strategy):
    """Ask the members in the order of `of` until one answers. A failure that is not listed in `on` ends it: what is wrong
    with the request itself would be wrong everywhere."""

    example = "{strategy: fallback, of: [openai, gemini], on: [rate_limit, server, timeout, network]}"

    on: list[Reason] = option(
        "The failures after which the next member is asked.", default=["rate_limit", "server", "timeout", "network"]
    )

    def bind(self, members: Sequence[Member], dice: Dice) -> Planner:  # noqa: ARG002
        on = frozenset(self.on)
        members = tuple(members)

        def fallback(model: str, asked: str = "") -> Plan:
            for member in members:
                outcome = yield from carry(member.plan(model, asked))
                if outcome is None:
                    continue
                if outcome.fault is None or outcome.fault.row.pools not in on:
                    return

        return fallback

    def rested(self, members: Sequence[Member], left: Callable[[Member], float]) -> Sequence[Member]:
        return sorted(members, key=left)  # nobody is left out: the free ones may fail
