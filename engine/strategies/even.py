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

    def __init__(self, program: Program, members: Members, dice: Dice, stateless: bool = False) -> None:
        """`stateless`: what is put aside for a while is drawn like all others."""
        self._dice = dice
        self._cooling = None if stateless else members.cooling
        self._can = _combinations(program, members)
        self._all = tuple(self._can)
        self._able: dict[tuple[str, frozenset[str]], tuple[Target, ...]] = {}
        self._of: dict[str, tuple[Target, ...]] = {
            name: tuple(target for target in self._all if target.provider == name) for name in program.providers
        }
        self._keyless = {name: members[name].unavailable for name in program.providers if members[name].unavailable}

    def choose(
        self, vendor: str = "", considered: list[Considered] | None = None, demands: frozenset[str] = frozenset()
    ) -> tuple[Target, int]:
        """(the winner, out of how many). `demands` are words of a model's `can` that it must have, where it says any.

        Raises Fault("unknown_vendor" | "model_unavailable" | "no_models" | "incapable")."""
        among = self._among_able(vendor, demands) if demands else self._among(vendor)
        if self._cooling:
            among = self._cooling.free_of(among, "")
        winner = draw(among, self._dice)
        if considered is not None:
            considered += (Considered(t.name, t is winner, f"one of {len(among)} combinations") for t in among)
            considered += (Considered(name, False, why) for name, why in self._keyless.items())
        return winner, len(among)

    def _among_able(self, vendor: str, demands: frozenset[str]) -> tuple[Target, ...]:
        # As many as there are vendors in the table and sets of a few words.
        among = self._able.get((vendor, demands))
        if among is None:
            able = (target for target in self._among(vendor) if _is_able(self._can[target], demands))
            among = self._able[vendor, demands] = tuple(able)
        if not among:
            raise Fault("incapable", ", ".join(sorted(demands)))
        return among

    def _among(self, vendor: str) -> tuple[Target, ...]:
        if not vendor:
            if not self._all:
                why = "; ".join(self._keyless.values())
                raise Fault("model_unavailable", why) if why else Fault("no_models")
            return self._all
        among = self._of.get(vendor)
        if among:
            return among
        lacks = "credentials" if among is None or vendor in self._keyless else "models"
        raise Fault("unknown_vendor", f"No {lacks} available for vendor: {clipped(vendor, 64)}", param="vendor")


def _combinations(program: Program, members: Members) -> dict[Target, tuple[str, ...] | None]:
    """Each once, with what its model can do."""
    out: dict[Target, tuple[str, ...] | None] = {}
    for row in program.models:
        if row.model or "*" not in row.name:
            for target in members[row.provider].targets(row.model or row.name):
                out.setdefault(target, row.can)
    return out


def _is_able(can: tuple[str, ...] | None, demands: frozenset[str]) -> bool:
    return can is None or demands.issubset(can)
