"""Uniform over every combination of provider, credential and model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.faults import Fault, clipped
from engine.strategies.strategy import Dice, Member, Planner, Strategy, draw, once
from engine.targets import Ask, Considered, Plan, Target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.program import Program
    from engine.strategies.members import Members


@dataclass(frozen=True)
class Even(Strategy):
    """Each request goes to one key by lot, every key below this pool equally likely: a provider with 18 keys gets 18 times
    what a provider with one key gets."""

    example = "{strategy: even, of: [openai, gemini]}"

    def bind(self, members: Sequence[Member], dice: Dice) -> Planner:
        members = tuple(members)
        cooling = members[0].cooling
        known: dict[str, tuple[Target, ...]] = {}  # only names that stand in the table come here

        def even(model: str, asked: str = "") -> Plan:
            targets = known.get(model)
            if targets is None:
                # A key that is below two members is one key.
                targets = known[model] = tuple(dict.fromkeys(t for member in members for t in member.targets(model)))
            if cooling:
                targets = cooling.free_of(targets, asked)
            return once(Ask((draw(targets, dice),)))

        return even


class Combinations:
    """Every provider x credential x model of a program, each as likely as any other: `select: {by: even}`.

    A model is one with a definite name: a pattern that keeps the client's name is none. The same combination under two
    names counts once. A vendor is a provider's name, matched exactly.
    """

    def __init__(self, program: Program, members: Members, dice: Dice) -> None:
        self._dice = dice
        self._cooling = members.cooling
        self._all = tuple(dict.fromkeys(_combinations(program, members)))
        self._of: dict[str, tuple[Target, ...]] = {
            name: tuple(target for target in self._all if target.provider == name) for name in program.providers
        }
        self._keyless = {name: members[name].unavailable for name in program.providers if members[name].unavailable}

    def choose(self, vendor: str = "", considered: list[Considered] | None = None) -> tuple[Target, int]:
        """(the winner, out of how many). Raises Fault("unknown_vendor" | "model_unavailable")."""
        among = self._among(vendor)
        if self._cooling:
            among = self._cooling.free_of(among, "")
        winner = draw(among, self._dice)
        if considered is not None:
            considered += (Considered(t.name, t is winner, f"one of {len(among)} combinations") for t in among)
            considered += (Considered(name, False, why) for name, why in self._keyless.items())
        return winner, len(among)

    def _among(self, vendor: str) -> tuple[Target, ...]:
        if not vendor:
            if not self._all:
                why = "; ".join(self._keyless.values()) or "no model with a definite name is configured"
                raise Fault("model_unavailable", why)
            return self._all
        among = self._of.get(vendor)
        if among:
            return among
        lacks = "credentials" if among is None or vendor in self._keyless else "models"
        raise Fault("unknown_vendor", f"No {lacks} available for vendor: {clipped(vendor, 64)}", param="vendor")


def _combinations(program: Program, members: Members) -> list[Target]:
    named = [(m.provider, m.model or m.name) for m in program.models if m.model or "*" not in m.name]
    return [target for provider, model in named for target in members[provider].targets(model)]
