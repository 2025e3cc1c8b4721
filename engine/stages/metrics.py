"""The figures, for Prometheus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from engine.parts import Stage, option
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
    client wrote.

    `also: [proxy]` has requests counted by format, model and provider too: `proxy_requests_total{format,model,provider,status}`
    (status `success` or `error`), `proxy_request_duration_seconds{format,model,provider}`, `proxy_active_requests
    {format,provider}` and `proxy_errors_total{format,model,provider,error_type}` with the types `unknown_model`, `auth`,
    `rate_limit`, `timeout`, `invalid_request`, `server_error` and `network`."""

    example = "metrics: {also: [proxy]}"
    writes = frozenset({"answer"})
    watches = True

    also: list[Literal["proxy"]] = option("Families of figures besides the engine's own.", default=[])

    def bind(self, binding: Binding) -> Deed:
        expose = binding.services.meter.expose

        def metrics(exchange: Exchange) -> None:
            exchange.answer = Response(200, [CONTENT_TYPE, (b"cache-control", b"no-store")], expose())

        return metrics
