"""The figures, for Prometheus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.parts import Stage
from engine.web import Response

if TYPE_CHECKING:
    from engine.exchange import Exchange
    from engine.parts import Deed
    from engine.ports import Binding

# The Prometheus text format, version 0.0.4.
CONTENT_TYPE = (b"content-type", b"text/plain; version=0.0.4; charset=utf-8")


@dataclass(frozen=True)
class Metrics(Stage):
    """Answer with all workers' figures in the Prometheus text format. Labels are names of the table only, never what a
    client wrote."""

    example = "metrics"
    writes = frozenset({"answer"})
    watches = True

    def bind(self, binding: Binding) -> Deed:
        expose = binding.services.meter.expose

        def metrics(exchange: Exchange) -> None:
            exchange.answer = Response(200, [CONTENT_TYPE, (b"cache-control", b"no-store")], expose())

        return metrics
