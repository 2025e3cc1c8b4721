"""All at once; the first success wins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.parts import option
from engine.strategies.strategy import Dice, Member, Planner, Strategy
from engine.targets import Ask, Outcome, Plan, Race

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True)
class Racing(Strategy):
    """Ask all members at once; the first success wins and the others are dropped. Every member that is asked may cost money.
    When all fail, members that have more to try (pools) race again; this pool's `timeout` holds for each round."""

    example = "{strategy: race, of: [openai, anthropic], timeout: 20s}"

    timeout: float | None = option("How long the race may take; then it counts as a timeout.", default=None, unit="duration")

    def bind(self, members: Sequence[Member], dice: Dice) -> Planner:  # noqa: ARG002
        members = tuple(members)

        def race(model: str, asked: str = "") -> Plan:
            plans = [member.plan(model, asked) for member in members]
            runners = [(plan, step) for plan in plans if (step := next(plan, None)) is not None]
            while runners:
                asks = tuple(ask for _, step in runners for ask in _asks(step))
                outcome = yield Race(asks, self.timeout)
                if outcome.ok:
                    return
                runners = list(_still_running(runners, outcome))

        return race


def _asks(step: Ask | Race) -> tuple[Ask, ...]:
    return (step,) if isinstance(step, Ask) else step.asks


def _still_running(runners: list[tuple[Plan, Ask | Race]], outcome: Outcome) -> Iterator[tuple[Plan, Ask | Race]]:
    """Tells every runner how its own asks ended; gives those that have more to try."""
    begin = 0
    for plan, step in runners:
        end = begin + len(_asks(step))
        own = outcome.each[begin:end]
        begin = end
        try:
            yield plan, plan.send(Outcome(own[-1], own) if own else outcome)
        except StopIteration:
            continue
