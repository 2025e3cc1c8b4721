"""Samples as figures: percentiles, rows of a table, JSON."""

from __future__ import annotations

import os
import platform
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bench.load import Sample

if TYPE_CHECKING:
    from array import array

    from bench.wrk import Told


@dataclass(slots=True)
class Figures:
    """One measured step. Times in the unit that the name says; `cpu_us` per request, `cpu_us_event` per streamed event."""

    server: str
    work: str
    load: str
    requests_per_s: float
    events_per_s: float
    errors: int
    p50_ms: float
    p99_ms: float
    p999_ms: float
    first_byte_p50_ms: float
    first_byte_p99_ms: float
    gap_p50_ms: float
    gap_p99_ms: float
    cpu_us: float
    cpu_us_event: float
    rss_mib: float
    requests: int = 0
    notes: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        return asdict(self)


def percentile(values: array[float] | list[float], share: float) -> float:
    """The value below which `share` of all lie (nearest rank), 0.0 for none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def figures(server: str, work: str, load: str, sample: Sample, cpu_seconds: float, rss_bytes: int) -> Figures:
    """What a sample and the server's own accounting say."""
    seconds = sample.seconds or 1.0
    return Figures(
        server=server,
        work=work,
        load=load,
        requests_per_s=sample.requests / seconds,
        events_per_s=sample.events / seconds,
        errors=sample.errors,
        p50_ms=percentile(sample.latencies, 0.5) * 1000,
        p99_ms=percentile(sample.latencies, 0.99) * 1000,
        p999_ms=percentile(sample.latencies, 0.999) * 1000,
        first_byte_p50_ms=percentile(sample.first_bytes, 0.5) * 1000,
        first_byte_p99_ms=percentile(sample.first_bytes, 0.99) * 1000,
        gap_p50_ms=percentile(sample.gaps, 0.5) * 1000,
        gap_p99_ms=percentile(sample.gaps, 0.99) * 1000,
        cpu_us=cpu_seconds / sample.requests * 1e6 if sample.requests else 0.0,
        cpu_us_event=cpu_seconds / sample.events * 1e6 if sample.events else 0.0,
        rss_mib=rss_bytes / 2**20,
        requests=sample.requests,
    )


def from_wrk(server: str, work: str, load: str, said: Told, cpu_seconds: float, rss_bytes: int) -> Figures:
    """The same of a run by wrk, which knows neither first bytes nor events."""
    nothing = Sample(seconds=said.seconds, requests=said.requests, errors=said.errors)
    made = figures(server, work, load, nothing, cpu_seconds, rss_bytes)
    made.p50_ms, made.p99_ms, made.p999_ms = said.p50 * 1000, said.p99 * 1000, said.p999 * 1000
    return made


_COLUMNS = (
    ("server", "server", "{}"),
    ("work", "work", "{}"),
    ("load", "load", "{}"),
    ("req/s", "requests_per_s", "{:,.0f}"),
    ("events/s", "events_per_s", "{:,.0f}"),
    ("p50 ms", "p50_ms", "{:.2f}"),
    ("p99 ms", "p99_ms", "{:.2f}"),
    ("p99.9 ms", "p999_ms", "{:.2f}"),
    ("ttfb p50", "first_byte_p50_ms", "{:.2f}"),
    ("gap p99", "gap_p99_ms", "{:.2f}"),
    ("errors", "errors", "{}"),
    ("cpu us/req", "cpu_us", "{:.1f}"),
    ("cpu us/event", "cpu_us_event", "{:.2f}"),
    ("RSS MiB", "rss_mib", "{:.0f}"),
)


def table(rows: list[Figures]) -> str:
    """The rows as text, columns aligned."""
    cells = [[title for title, _, _ in _COLUMNS]]
    cells += [[form.format(getattr(row, name)) for _, name, form in _COLUMNS] for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(_COLUMNS))]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in cells)


def machine() -> dict[str, object]:
    """What was measured on: the class of machine, in words that name no one's own."""
    return {
        "cores": os.cpu_count(),
        "cpu": _cpu(),
        "arch": platform.machine(),
        "system": f"{platform.system()} {_numbers(platform.release())}".strip(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
    }


def _cpu() -> str:
    """The CPU's model as the kernel has it, "" where it does not say."""
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        return ""
    return found[1].strip() if found else ""


def _numbers(release: str) -> str:
    """A kernel release without what its builder added: "6.1.0-18-amd64" is "6.1.0"."""
    found = re.match(r"\d+(\.\d+)*", release)
    return found[0] if found else ""
