"""Hot: guarded by bench/micro/select.py. Where the request goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote_plus

from engine.limits.cooling import Cooling
from engine.parts import Stage, option
from engine.providers.targets import targets_of
from engine.strategies.by_model import ByModel
from engine.strategies.even import Combinations
from engine.strategies.members import Members
from engine.strategies.strategy import once
from engine.targets import Ask

if TYPE_CHECKING:
    from engine.exchange import Exchange
    from engine.parts import Deed
    from engine.ports import Binding


@dataclass(frozen=True)
class Select(Stage):
    """Choose where the request goes: a plan of providers, keys and models. Nothing is sent yet.

    `model`: by the name that the client gives, as the sections `models` and `default` say. `even`: whatever name it gives,
    to any combination of provider, key and model, all equally likely; `?vendor=NAME` keeps to one provider."""

    example = "select: {by: model}"
    reads = frozenset({"chat"})
    writes = frozenset({"plan"})

    by: Literal["model", "even"] = option("What decides.", default="model")

    def bind(self, binding: Binding) -> Deed:
        return _by_model(binding) if self.by == "model" else _evenly(binding)


def members_of(binding: Binding) -> Members:
    """The program's members, shared by its routes: turns go round over all of them."""
    shared = binding.shared
    if "members" not in shared:
        services = binding.services
        cooling = shared.setdefault("cooling", Cooling(services.now))
        shared["members"] = Members(binding.program, targets_of, services.dice, cooling)
    members: Members = shared["members"]
    return members


def vendor_of(query: str) -> str:
    """The value of `?vendor=`, "" for none."""
    if "vendor=" not in query:
        return ""
    return next((unquote_plus(part[7:]) for part in query.split("&") if part.startswith("vendor=")), "")


def _by_model(binding: Binding) -> Deed:
    choose = ByModel(binding.program, members_of(binding)).choose

    def select(exchange: Exchange) -> None:
        exchange.plan = choose(exchange.chat.model, exchange.considered)

    return select


def _evenly(binding: Binding) -> Deed:
    choose = Combinations(binding.program, members_of(binding), binding.services.dice).choose

    def select(exchange: Exchange) -> None:
        winner, among = choose(vendor_of(exchange.request.query), exchange.considered)
        exchange.notes["selected"] = winner.name
        exchange.notes["combinations"] = among
        exchange.plan = once(Ask((winner,)))

    return select
