"""Every figure that /metrics tells: its kind, its labels and what it means. A new figure is a row here.

`merge` is how the values of several workers become one: counters and histograms are always summed, also those of workers
that are gone; gauges over the workers that live.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# Seconds. A chat answer takes from milliseconds (cached, echo) to minutes (long reasoning).
DURATIONS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
PROXY_DURATIONS = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0)
LAGS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the Prometheus text. Counters are named without `_total`: the text format adds it."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    says: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()
    merge: Literal["sum", "min", "max"] = "sum"


FIGURES: dict[str, Figure] = {
    figure.name: figure
    for figure in (
        Figure("engine_requests", "counter", "Requests answered.", ("route", "method", "status", "error")),
        Figure(
            "engine_request_duration_seconds",
            "histogram",
            "From the end of a request's head to the last byte of its answer.",
            ("route", "streaming"),
            DURATIONS,
        ),
        Figure(
            "engine_time_to_first_token_seconds",
            "histogram",
            "From the end of a request's head to the first byte of its streamed answer.",
            ("route", "provider"),
            DURATIONS,
        ),
        Figure("engine_tokens", "counter", "Tokens, as the providers counted them.", ("provider", "model", "kind")),
        Figure("engine_upstream_attempts", "counter", "Attempts at providers, by outcome.", ("provider", "code")),
        Figure("engine_upstream_errors", "counter", "Attempts at providers that failed.", ("provider",)),
        Figure("engine_active_requests", "gauge", "Requests being answered now.", ("route",)),
        Figure("engine_refused", "counter", "What never became a request, by fault.", ("kind",)),
        Figure("engine_events", "counter", "Rare events, by kind.", ("kind",)),
        Figure("engine_loop_lag_seconds", "histogram", "How late the event loop's timers are.", (), LAGS),
        Figure("engine_log_dropped", "counter", "Request log lines that were lost."),
        Figure("engine_reloads", "counter", "Reloads of the table, by outcome.", ("outcome",)),
        Figure("engine_worker_deaths", "counter", "Workers that ended without being told to."),
        Figure("engine_config_generation", "gauge", "The table that every worker has at least.", merge="min"),
        Figure("engine_worker_start_time_seconds", "gauge", "Start of the worker, in Unix seconds.", ("worker",), merge="max"),
        Figure("proxy_requests", "counter", "Requests to providers.", ("format", "model", "provider", "status")),
        Figure(
            "proxy_request_duration_seconds",
            "histogram",
            "From the end of a request's head to the last byte of its answer, by model.",
            ("format", "model", "provider"),
            PROXY_DURATIONS,
        ),
        Figure("proxy_errors", "counter", "Requests that failed.", ("format", "model", "provider", "error_type")),
        Figure("proxy_active_requests", "gauge", "Requests to providers under way.", ("format", "provider")),
        Figure("process_cpu_seconds", "counter", "CPU time of all workers, user and system."),
        Figure("process_resident_memory_bytes", "gauge", "Resident memory of all workers; shared pages count for each."),
        Figure("process_open_fds", "gauge", "Open file descriptors of all workers."),
        Figure("process_max_fds", "gauge", "The limit of open file descriptors of one worker.", merge="min"),
    )
}

# What `Meter.count` is told, and the figure that it moves. `word.label` gives the figure its one label; any other word is
# an event of that kind.
COUNTS: dict[str, str] = {
    "refused": "engine_refused",
    "reload": "engine_reloads",
    "log_dropped": "engine_log_dropped",
    "worker_deaths": "engine_worker_deaths",
}
