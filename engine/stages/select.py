"""Hot: guarded by bench/micro/select.py. Where the request goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote_plus

from engine.formats.demands import NO_DEMANDS, demands_of
from engine.limits.cooling import Cooling
from engine.parts import Stage, option
from engine.providers.targets import targets_of
from engine.strategies.by_model import ByModel
from engine.strategies.even import Combinations
from engine.strategies.members import Members
from engine.strategies.strategy import once
from engine.targets import Ask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.exchange import Exchange
    from engine.parts import Deed
    from engine.ports import Binding


@dataclass(frozen=True)
class Select(Stage):
    """Choose where the request goes: a plan of providers, keys and models. Nothing is sent yet.

    `model`: by the name that the client gives, as the sections `models` and `default` say. `even`: whatever name it gives,
    to any combination of provider, key and model, all equally likely; `?vendor=NAME` keeps to one provider. `even` reads
    nothing of the body (unless `able`), so it may stand before `decode`: then an unknown vendor is the first thing said."""

    example = "select: {by: model}"
    reads = frozenset({"chat"})
    writes = frozenset({"plan"})

    by: Literal["model", "even"] = option("What decides.", default="model")
    able: bool = option(
        "With `even`: leave out models whose `can` lacks what the request asks for (a stream, tools, images).", default=False
    )

    stateless: bool = option(
        "With `even`: every combination every time, also one whose key has just been refused or has reached its limit.",
        default=False,
    )

    def needs(self) -> frozenset[str]:
        return frozenset() if self.by == "even" and not self.able else self.reads

    def flaws(self, public: bool) -> Iterator[tuple[str, str]]:  # noqa: ARG002
        for name in ("able", "stateless"):
            if getattr(self, name) and self.by != "even":
                yield name, f"a client that names its model gets that one; `{name}` is for `by: even`"

    def bind(self, binding: Binding) -> Deed:
        return _by_model(binding) if self.by == "model" else _evenly(binding, self.able, self.stateless)


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


def _evenly(binding: Binding, able: bool, stateless: bool) -> Deed:
    choose = Combinations(binding.program, members_of(binding), binding.services.dice, stateless).choose

    def select(exchange: Exchange) -> None:
        demands = demands_of(exchange.chat) if able else NO_DEMANDS
        winner, among = choose(vendor_of(exchange.request.query), exchange.considered, demands)
        exchange.notes["selected"] = winner.name
        exchange.notes["selected_provider"] = winner.provider
        exchange.notes["selected_model"] = winner.model
        exchange.notes["combinations"] = among
        exchange.plan = once(Ask((winner,)))

    return select
