"""Hot: guarded by bench/micro/metrics.py. The figures of one worker: plain dicts and lists, no locks.

Everything here runs on the event loop's thread. Labels are configured names (routes, providers, model patterns) or rows
of tables (fault codes, statuses), never what a client wrote, so the number of series is bounded.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING

from engine.observe.exposition import render
from engine.observe.model_labels import ModelLabels
from engine.observe.names import COUNTS, DURATIONS, LAGS
from engine.observe.proxy_figures import ProxyFigures
from engine.observe.timing import Timing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from engine.exchange import Exchange
    from engine.observe.exposition import Shared, Snapshot
    from engine.program import Program
    from engine.targets import Target

KINDS = ("input", "output", "cached", "reasoning")  # of tokens


class RouteFigures:
    """What is counted for one route; looked up once per request."""

    __slots__ = ("active", "answers", "first_tokens", "streamed", "whole")

    def __init__(self) -> None:
        self.active = 0
        self.answers: defaultdict[tuple[str, int, str], int] = defaultdict(int)  # (method, status, error)
        self.whole = Timing(DURATIONS)
        self.streamed = Timing(DURATIONS)
        self.first_tokens: defaultdict[str, Timing] = defaultdict(partial(Timing, DURATIONS))  # by provider


class Figures:
    """Implements ports.Meter. `shared` is the directory that joins several workers' figures; None when there is one only.
    `sample` is asked for figures that are not counted but read: memory, descriptors."""

    def __init__(self, shared: Shared | None = None, sample: Callable[[], Iterable[tuple[str, float]]] = tuple) -> None:
        self.active = 0
        self._routes: defaultdict[str, RouteFigures] = defaultdict(RouteFigures)
        self._attempts: defaultdict[tuple[str, str], int] = defaultdict(int)
        # By provider and model, in the order of KINDS.
        self._tokens: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * len(KINDS))
        self._counts: defaultdict[str, float] = defaultdict(int)
        self._gauges: dict[tuple[str, tuple[str, ...]], float] = {}
        self._lag = Timing(LAGS)
        self._models = ModelLabels(())
        self._proxy = ProxyFigures()
        self._counts_proxy = False  # does the table ask for them?
        self._shared = shared
        self._sample = sample

    def learn(self, program: Program) -> None:
        """The configured names from now on: model labels are taken from them."""
        self._models = ModelLabels(program.models)
        self._proxy.learn(program)
        self._counts_proxy = self._proxy.wanted

    def began(self, exchange: Exchange) -> None:
        self.active += 1
        self._routes[exchange.route.name].active += 1
        if self._counts_proxy:
            self._proxy.began(exchange)

    def finished(self, exchange: Exchange) -> None:
        self.active -= 1
        route = self._routes[exchange.route.name]
        route.active -= 1
        fault, status, answer, target = exchange.fault, exchange.status, exchange.answer, exchange.target
        error = "" if fault is None else fault.code
        if fault is None and status >= 400 and exchange.tries:
            error = exchange.tries[-1].code  # a provider's own 4xx, passed on as an answer
        route.answers[exchange.request.method, status, error] += 1
        if self._counts_proxy:
            self._proxy.finished(exchange, error)
        streaming = answer is not None and answer.stream is not None
        timing, seconds = route.streamed if streaming else route.whole, exchange.ended - exchange.began
        timing.counts[bisect_left(DURATIONS, seconds)] += 1
        timing.total += seconds
        if target is None:
            return
        if streaming and exchange.first_byte:
            route.first_tokens[target.provider].add(exchange.first_byte - exchange.began)
        usage = exchange.usage
        if usage is not None:
            spent = self._tokens[target.provider, self._models[exchange.chat.model]]
            spent[0] += usage.input
            spent[1] += usage.output
            spent[2] += usage.cached
            spent[3] += usage.reasoning

    def attempt(self, target: Target, code: str) -> None:
        self._attempts[target.provider, code] += 1

    def count(self, name: str, by: float = 1) -> None:
        self._counts[name] += by

    def refused(self) -> dict[str, int]:
        """What never became a request so far, by fault code."""
        word = "refused."
        return {name[len(word) :]: int(many) for name, many in self._counts.items() if name.startswith(word)}

    def lag(self, seconds: float) -> None:
        self._lag.add(seconds)

    def set(self, name: str, value: float, *labels: str) -> None:
        """A gauge of names.FIGURES, or a counter that somebody else counts."""
        self._gauges[name, labels] = value

    def expose(self) -> bytes:
        if self._shared is None:
            return render([self.snapshot()], [])
        # What a scrape has seen must be on record before this worker can die, or a counter could go backwards.
        mine = self.publish()
        live, gone = self._shared.others()
        return render([mine, *live], gone)

    def publish(self) -> Snapshot:
        """Writes this worker's figures where the others find them."""
        mine = self.snapshot()
        if self._shared is not None and not self._shared.publish(mine):
            self.count("publish_failed")
        return mine

    def snapshot(self) -> Snapshot:
        """All figures as plain lists: {figure: [[labels, value or [counts..., total]], ...]}."""
        self._gauges.update(((name, ()), value) for name, value in self._sample())
        out: Snapshot = {"engine_loop_lag_seconds": [[[], self._lag.told()]]} if any(self._lag.counts) else {}

        def row(figure: str, labels: Iterable[str], value: float | list[float]) -> None:
            out.setdefault(figure, []).append([list(labels), value])

        for name, figures in self._routes.items():
            _tell_route(name, figures, row)
        for (provider, code), tries in self._attempts.items():
            row("engine_upstream_attempts", (provider, code), tries)
            if code != "ok":
                row("engine_upstream_errors", (provider,), tries)
        for (provider, model), spent in self._tokens.items():
            for kind, tokens in zip(KINDS, spent, strict=True):
                if tokens:
                    row("engine_tokens", (provider, model, kind), tokens)
        for word, amount in self._counts.items():
            row(*_figure_of(word), amount)
        for (figure, labels), value in self._gauges.items():
            row(figure, labels, value)
        self._proxy.tell(row)
        return out


def _tell_route(name: str, figures: RouteFigures, row: Callable[[str, Iterable[str], float | list[float]], None]) -> None:
    row("engine_active_requests", (name,), figures.active)
    for (method, status, error), answers in figures.answers.items():
        row("engine_requests", (name, method, str(status), error), answers)
    for streaming, timing in (("false", figures.whole), ("true", figures.streamed)):
        if any(timing.counts):
            row("engine_request_duration_seconds", (name, streaming), timing.told())
    for provider, timing in figures.first_tokens.items():
        row("engine_time_to_first_token_seconds", (name, provider), timing.told())


def _figure_of(word: str) -> tuple[str, tuple[str, ...]]:
    head, dot, label = word.partition(".")
    figure = COUNTS.get(head)
    if figure is None or (figure in ("engine_refused", "engine_reloads")) != bool(dot):
        return "engine_events", (word,)
    return figure, (label,) if dot else ()
