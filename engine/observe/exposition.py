"""The Prometheus text of several workers.

Every worker publishes its figures as one file in a directory that the supervisor made. Who is scraped joins its own
figures with the others' files. A worker's counters outlive it: the supervisor folds the file of a dead worker into
`gone.json`, so a counter never goes backwards, and there is one file however many workers have come and gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from engine.observe.names import FIGURES, Figure

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from prometheus_client.metrics_core import Metric

# {figure: [[labels, value or [counts..., total]], ...]}: what JSON can carry.
Snapshot = dict[str, list[list[Any]]]
Value = float | list[float]

GONE = "gone.json"
_LASTING = [figure for figure in FIGURES.values() if figure.kind != "gauge"]


class Shared:
    """One process's place in the directory of figures. `serial` is unique for the life of the supervisor."""

    def __init__(self, directory: Path, serial: int) -> None:
        self._directory = directory
        self._serial = serial

    def publish(self, mine: Snapshot) -> bool:
        """False when it could not be written: the disk is full or the directory is gone."""
        return _write(self._directory / f"{self._serial}.json", {"serial": self._serial, "figures": mine})

    def others(self) -> tuple[list[Snapshot], list[Snapshot]]:
        """(the figures of the other living processes, the counters of those that are gone)."""
        files = [_read(path) for path in self._directory.glob("[0-9]*.json")]
        # Read last: a worker that dies in between is then seen twice, which `folded` puts right, and never not at all.
        gone = _read(self._directory / GONE) or {"figures": {}, "folded": []}
        known = {self._serial, *gone["folded"]}
        return [file["figures"] for file in files if file and file["serial"] not in known], [gone["figures"]]


def bury(directory: Path, serial: int) -> None:
    """Folds a dead worker's counters into `gone.json`. Only the supervisor does so: one writer needs no lock."""
    grave, path = directory / GONE, directory / f"{serial}.json"
    last = _read(path)
    if last is None:
        return
    gone = _read(grave) or {"figures": {}, "folded": []}
    if serial not in gone["folded"]:
        joined = _join([gone["figures"], last["figures"]], _LASTING)
        figures = {name: [[list(labels), value] for labels, value in rows.items()] for name, rows in joined.items()}
        # A scrape that is under way may still hold the file; those of long ago are no longer on disk.
        if not _write(grave, {"figures": figures, "folded": [*gone["folded"][-256:], serial]}):
            return
    path.unlink(missing_ok=True)


def render(live: Sequence[Snapshot], gone: Sequence[Snapshot]) -> bytes:
    """The text format (version 0.0.4). `gone` gives counters and histograms only."""
    rows = _join([*live, *gone], FIGURES.values())
    registry = CollectorRegistry()
    registry.register(_Rows(rows))
    return generate_latest(registry)


def _join(snapshots: Iterable[Snapshot], wanted: Collection[Figure]) -> dict[str, dict[tuple[str, ...], Value]]:
    joined: dict[str, dict[tuple[str, ...], Value]] = {}
    for snapshot in snapshots:
        for name, rows in snapshot.items():
            figure = FIGURES.get(name)  # None: written by another version
            if figure is not None and figure in wanted:
                _add(figure, rows, joined.setdefault(name, {}))
    return joined


def _add(figure: Figure, rows: list[list[Any]], into: dict[tuple[str, ...], Value]) -> None:
    for labels, value in rows:
        key = tuple(labels)
        before = into.get(key)
        into[key] = value if before is None else _merge(figure, before, value)


def _merge(figure: Figure, one: Any, other: Any) -> Value:
    if figure.kind == "histogram":
        return [a + b for a, b in zip(one, other, strict=True)]
    if figure.merge == "sum":
        return one + other  # type: ignore[no-any-return]
    return min(one, other) if figure.merge == "min" else max(one, other)  # type: ignore[no-any-return]


class _Rows(Collector):
    def __init__(self, rows: dict[str, dict[tuple[str, ...], Value]]) -> None:
        self._rows = rows

    def collect(self) -> Iterator[Metric]:
        for name, figure in FIGURES.items():
            if rows := self._rows.get(name):
                yield _family(figure, rows)


def _family(figure: Figure, rows: dict[tuple[str, ...], Any]) -> Metric:
    if figure.kind == "histogram":
        histogram = HistogramMetricFamily(figure.name, figure.says, labels=figure.labels)
        for labels, value in sorted(rows.items()):
            histogram.add_metric(labels, _cumulative(figure.bounds, value), value[-1])
        return histogram
    kind = CounterMetricFamily if figure.kind == "counter" else GaugeMetricFamily
    family = kind(figure.name, figure.says, labels=figure.labels)
    for labels, value in sorted(rows.items()):
        family.add_metric(labels, value)
    return family


def _cumulative(bounds: tuple[float, ...], counts: list[float]) -> list[tuple[str, float]]:
    out, seen = [], 0.0
    for bound, count in zip((*map(str, bounds), "+Inf"), counts[:-1], strict=True):
        seen += count
        out.append((bound, seen))
    return out


def _write(path: Path, content: dict[str, Any]) -> bool:
    # A reader sees the old file or the new one, never half of one.
    half = path.with_suffix(".half")
    try:
        half.write_bytes(orjson.dumps(content))
        half.replace(path)
    except OSError:
        return False
    return True


def _read(path: Path) -> dict[str, Any] | None:
    try:
        content: dict[str, Any] = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return None
    return content
