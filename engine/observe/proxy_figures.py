"""Requests by format, model and provider: the figures named `proxy_...`, counted while a table asks for them.

They are for dashboards that were made for such names. Labels are configured names and rows of tables, as everywhere.
"""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING

from engine.fault_families import family_of
from engine.observe.model_labels import ModelLabels
from engine.observe.names import PROXY_DURATIONS
from engine.observe.timing import Timing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from engine.exchange import Exchange
    from engine.program import Program

    Row = Callable[[str, Iterable[str], float | list[float]], None]

Labels = tuple[str, str, str]  # format, model, provider
NOWHERE = "(none)"  # the route of requests that no route takes


class ProxyFigures:
    """Requests that go to a provider, and those that fail on the way to such a route. `wanted` while the table of now asks
    for these figures; what was counted before is told for ever."""

    def __init__(self) -> None:
        self.wanted = False
        self._routes = {NOWHERE}
        self._models = ModelLabels(())
        self._providers: dict[str, str] = {}  # by model label
        self._active: set[Exchange] = set()
        self._answers: defaultdict[tuple[Labels, str], int] = defaultdict(int)  # with "success" or "error"
        self._errors: defaultdict[tuple[Labels, str], int] = defaultdict(int)  # with a family of faults
        self._durations: defaultdict[Labels, Timing] = defaultdict(partial(Timing, PROXY_DURATIONS))

    def learn(self, program: Program) -> None:
        self.wanted = any("proxy" in getattr(use.part, "also", ()) for route in program.routes for use in route.stages)
        if not self.wanted:
            self._active.clear()  # their ends will not be told
        self._routes |= {route.name for route in program.routes if any("plan" in use.part.reads for use in route.stages)}
        self._models = ModelLabels(program.models)
        self._providers = {model.name: model.provider for model in program.models}
        if program.default is not None:
            replaced = self._models[program.default.model] if program.default.model else ""
            self._providers["other"] = program.default.provider or self._providers.get(replaced, "")

    def began(self, exchange: Exchange) -> None:
        self._active.add(exchange)

    def finished(self, exchange: Exchange, error: str) -> None:
        """`error` is a fault's code, "" for none."""
        self._active.discard(exchange)
        if not self._counts(exchange):
            return
        labels = self._labels(exchange)
        failed = bool(error) or exchange.status >= 400
        self._answers[labels, "error" if failed else "success"] += 1
        self._durations[labels].add(exchange.ended - exchange.began)
        if failed:
            self._errors[labels, family_of(error)] += 1

    def tell(self, row: Row) -> None:
        """All of them, `row(figure, labels, value)` each."""
        for (labels, status), answers in self._answers.items():
            row("proxy_requests", (*labels, status), answers)
        for (labels, family), errors in self._errors.items():
            row("proxy_errors", (*labels, family), errors)
        for labels, timing in self._durations.items():
            row("proxy_request_duration_seconds", labels, timing.told())
        # Those that ended are told as 0: a gauge that vanishes keeps its last value on a dashboard.
        active: dict[tuple[str, str], int] = {(spoken, provider): 0 for spoken, _, provider in self._durations}
        for pair in self._under_way():
            active[pair] = active.get(pair, 0) + 1
        for pair, count in active.items():
            row("proxy_active_requests", pair, count)

    def _under_way(self) -> Iterator[tuple[str, str]]:
        for exchange in self._active:
            if self._counts(exchange):
                spoken, _, provider = self._labels(exchange)
                yield spoken, provider

    def _counts(self, exchange: Exchange) -> bool:
        return bool(exchange.route.speaks) and exchange.route.name in self._routes

    def _labels(self, exchange: Exchange) -> Labels:
        """A provider is told as soon as one is asked; before, the one to which the table sends the model."""
        chat = getattr(exchange, "chat", None)  # unset until `decode` has run
        model = self._models[chat.model] if chat is not None else ""
        target = exchange.target or (exchange.tries[-1].target if exchange.tries else None)
        provider = target.provider if target is not None else self._providers.get(model, "")
        return exchange.route.speaks.partition("_")[0], model, provider
