"""Rows of several rounds as medians, ratios and added latency: what the run of peers says in the end."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from bench.report import Figures

if TYPE_CHECKING:
    from collections.abc import Sequence

DIRECT = "direct"


def medians(rows: Sequence[Figures]) -> list[Figures]:
    """One row for each (server, work): the median of every figure over the rounds."""
    out = []
    for key in dict.fromkeys((row.work, row.server, row.load) for row in rows):
        mine = [row.to_json() for row in rows if (row.work, row.server, row.load) == key]
        merged = {k: median(m[k] for m in mine) if isinstance(v, (int, float)) else v for k, v in mine[0].items()}  # type: ignore[type-var]
        out.append(Figures(**merged))  # type: ignore[arg-type]
    return out


def ratios(rows: Sequence[Figures], mine: str = "engine") -> str:
    """`mine` / peer, for throughput, CPU time and latency, per work."""
    lines = []
    for work in dict.fromkeys(row.work for row in rows):
        by_name = {row.server: row for row in rows if row.work == work}
        for name, row in by_name.items():
            if mine in by_name and name not in (mine, DIRECT):
                lines.append(_against(work, by_name[mine], row))
    return "\n".join(lines)


def _against(work: str, mine: Figures, theirs: Figures) -> str:
    cpu = "cpu_us_event" if theirs.cpu_us_event else "cpu_us"
    return (
        f"{work:12s} {theirs.server:12s} requests/s {_ratio(mine.requests_per_s, theirs.requests_per_s)}   "
        f"CPU {_ratio(getattr(mine, cpu), getattr(theirs, cpu))}   p50 {_ratio(mine.p50_ms, theirs.p50_ms)}   "
        f"p99 {_ratio(mine.p99_ms, theirs.p99_ms)}"
    )


def added(rows: Sequence[Figures], work: str = "one") -> dict[str, tuple[float, float]]:
    """Microseconds that each server adds to the p50 and p99 of `work`, beyond what it takes without any: the row `direct`.
    Empty when that row is missing."""
    by_name = {row.server: row for row in rows if row.work in (work, f"{work} by wrk")}
    direct = by_name.pop(DIRECT, None)
    if direct is None:
        return {}
    return {name: ((row.p50_ms - direct.p50_ms) * 1000, (row.p99_ms - direct.p99_ms) * 1000) for name, row in by_name.items()}


def added_lines(latency: dict[str, tuple[float, float]], mine: str = "engine", base: str = "nginx") -> str:
    """One line per server, and how many times what `base` adds is what `mine` adds."""
    lines = [f"{name:12s} p50 {p50:+8.0f} us   p99 {p99:+8.0f} us" for name, (p50, p99) in latency.items()]
    if mine in latency and base in latency:
        pairs = zip(latency[mine], latency[base], strict=True)
        p50, p99 = (_ratio(ours, theirs) for ours, theirs in pairs)
        lines.append(f"{mine} against {base}: p50 {p50.strip()}, p99 {p99.strip()}")
    return "\n".join(lines)


def _ratio(mine: float, theirs: float) -> str:
    """A ratio of what is no time at all, or less, says nothing."""
    return f"{mine / theirs:6.2f} x" if theirs > 0 else "     - "
