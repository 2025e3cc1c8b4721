"""`python -m bench.scale`: what the engine costs as things grow: tables, connections, streams, bodies, workers, time.

Each measurement is one function; give names to run only those. Everything is on loopback and ends by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import uvloop

from bench.__main__ import step
from bench.load import Run
from bench.process import Server, mock_upstream
from bench.report import percentile
from bench.stamped import listen
from bench.table import KEY, PLAIN, fit, grown, write
from bench.work import Work, chats

SECONDS = 3.0
LARGE = (2**20, 2**23)  # bytes
ROOMY = {**PLAIN, "server": {**PLAIN["server"], "limits": {"body": "64MiB"}}}
_LAG = re.compile(r'engine_loop_lag_seconds_bucket\{.*?le="([^"]+)"\} (\S+)')


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to measure of {', '.join(MEASURES)} (default: all)")
    args = parser.parse_args(argv)
    for name in args.names or MEASURES:
        for what, figure in MEASURES[name]():
            print(f"{what:58s} {figure}", flush=True)
    return 0


@contextmanager
def running(
    table: dict[str, Any], workers: int | None = None, core: int | None = 0, mock: str = "bench.upstream"
) -> Iterator[tuple[Server, int]]:
    """(the engine with this table before the mock, its port)."""
    upstream, port = mock_upstream(1, mock)
    with tempfile.TemporaryDirectory() as folder:
        path = write(fit(table, port, workers), Path(folder))
        engine = Server("engine", [sys.executable, "-m", "engine", "run", str(path)], core=core)
        try:
            yield engine, int(engine.wait_for(r"listening on http://127\.0\.0\.1:(\d+)"))
        finally:
            engine.stop()
            upstream.stop()


Told = Iterator[tuple[str, str]]


def tables() -> Told:
    """CPU per request with 10 routes and 10 models, and with 1,000 and 5,000."""
    costs = {}
    for routes, models in ((10, 10), (1000, 5000)):
        with running(grown(routes, models)) as (engine, port):
            costs[routes] = step(engine, port, chats(key=KEY), 32, SECONDS).cpu_us
            yield f"CPU per request, {routes} routes and {models} models", f"{costs[routes]:.1f} us"
    yield "large table against small", f"{costs[1000] / costs[10]:.2f} x (at most 1.1)"


def start() -> Told:
    """From the command to the first answer that it could give; memory at rest."""
    began = time.monotonic()
    with running(PLAIN) as (engine, _):
        yield "start to ready (mock upstream's start included)", f"{time.monotonic() - began:.2f} s"
        worker = engine.pids[-1]
        yield (
            "a worker at rest",
            f"{_pss(worker) / 2**20:.0f} MiB of memory of its own share, {_rss(worker) / 2**20:.0f} MiB RSS",
        )


def connections(many: int = 4000) -> Told:
    """Memory of an idle keep-alive connection and of an open stream."""
    with running(PLAIN) as (engine, port):
        before = _rss(engine.pids[-1])
        with_idle, with_streams = uvloop.run(_hold(port, engine.pids[-1], many))
        yield f"idle keep-alive connection ({many} of them)", f"{(with_idle - before) / many / 1024:.1f} KiB of RSS (at most 4)"
        yield "open stream (500 of them)", f"{(with_streams - with_idle) / 500 / 1024:.1f} KiB of RSS (at most 16)"


async def _hold(port: int, worker: int, many: int) -> tuple[int, int]:
    work = chats(key=KEY, sizes=(200, 300))
    held = []
    for i in range(many):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(work.requests[i % len(work.requests)])
        await reader.readuntil(b"\r\n\r\n")
        held.append((reader, writer))
    await asyncio.sleep(1.0)
    idle = _rss(worker)
    streamed = chats(key=KEY, streamed=True, sizes=(200, 300), extra="events=1000 gap=500")
    for reader, writer in held[:500]:
        await reader.read(65536)
        writer.write(streamed.requests[0])
    await asyncio.sleep(3.0)
    streams = _rss(worker)
    for _, writer in held:
        writer.close()
    return idle, streams


def bodies() -> Told:
    """Bodies of 1 MiB and 8 MiB through the engine."""
    for size in LARGE:
        with running(ROOMY) as (engine, port):
            row = step(engine, port, _large(size), 2, SECONDS)
            yield (
                f"{size // 2**20} MiB bodies",
                f"{row.requests_per_s:.0f} requests/s, p50 {row.p50_ms:.1f} ms, CPU {row.cpu_us:.0f} us",
            )


def lag() -> Told:
    """How late the engine's own ticks are while bodies of 1 MiB and 8 MiB pass."""
    for size in LARGE:
        with running(ROOMY) as (engine, port):
            step(engine, port, _large(size), 4, 10.0)
            ticks = _lag_counts(port)
        within = next((bound for bound, count in ticks if count >= 0.99 * ticks[-1][1]), "+Inf")
        yield (
            f"lag of the loop, 4 connections with {size // 2**20} MiB bodies",
            f"p99 at most {float(within) * 1000:.1f} ms of {ticks[-1][1]} ticks (at most 20)",
        )


def _large(size: int) -> Work:
    return chats(key=KEY, sizes=(size, size + 1), variants=2)


def _lag_counts(port: int) -> list[tuple[str, int]]:
    """(upper bound in seconds, ticks up to it), in order."""
    time.sleep(1.5)  # figures are published every half a second
    with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        told = answer.read().decode()
    return [(bound, int(float(count))) for bound, count in _LAG.findall(told)]


def delay(streams: int = 32, gap: int = 20) -> Told:
    """32 streams of 50 events a second: from the provider's write of an event to the client's read of it."""
    work = chats(key=KEY, streamed=True, sizes=(200, 300), extra=f"events=100 gap={gap}", variants=1)
    upstream, port = mock_upstream(1, "bench.stamped")
    try:
        direct = uvloop.run(listen(port, work, streams, 5.0))
    finally:
        upstream.stop()
    with running(PLAIN, mock="bench.stamped") as (_, port):
        through = uvloop.run(listen(port, work, streams, 5.0))
    for name, seen in (("direct", direct), ("through the engine", through)):
        yield f"an event {name}", f"p50 {percentile(seen, 0.5) * 1e6:.0f} us, p99 {percentile(seen, 0.99) * 1e6:.0f} us"
    added = [(percentile(through, part) - percentile(direct, part)) * 1e6 for part in (0.5, 0.99)]
    yield "added to an event", f"p50 {added[0]:.0f} us, p99 {added[1]:.0f} us (at most 1000)"


def pace() -> Told:
    """512 streams of 20 events a second: the gaps that a client sees beyond the upstream's 50 ms."""
    work = chats(key=KEY, streamed=True, sizes=(200, 300), extra="events=60 gap=50")
    with running(PLAIN) as (engine, port):
        sample = uvloop.run(Run("127.0.0.1", port, work).closed(512, 8.0, warm=2.0))
        over = [gap - 0.05 for gap in sample.gaps]
        late, most = percentile(over, 0.99) * 1000, max(over) * 1000
        yield "512 streams of 20 events/s: gap beyond the upstream's", f"p99 {late:.1f} ms, most {most:.1f} ms (at most 50)"
        yield "CPU meanwhile", f"{engine.cpu_seconds():.1f} s"


def latency() -> Told:
    """What the engine adds at one connection."""
    direct = _one_connection()
    with running(PLAIN) as (engine, port):
        row = step(engine, port, Work("one", chats(key=KEY).requests), 1, SECONDS)
    yield "one connection, direct", f"p50 {direct[0] * 1000:.0f} us, p99 {direct[1] * 1000:.0f} us"
    yield "one connection, through the engine", f"p50 {row.p50_ms * 1000:.0f} us, p99 {row.p99_ms * 1000:.0f} us"
    yield (
        "added at one connection",
        f"p50 {(row.p50_ms - direct[0]) * 1000:.0f} us, p99 {(row.p99_ms - direct[1]) * 1000:.0f} us",
    )


def _one_connection() -> tuple[float, float]:
    upstream, port = mock_upstream(core=0)
    try:
        sample = uvloop.run(Run("127.0.0.1", port, chats(key=KEY)).closed(1, SECONDS))
    finally:
        upstream.stop()
    return percentile(sample.latencies, 0.5) * 1000, percentile(sample.latencies, 0.99) * 1000


def workers() -> Told:
    """Two workers on two cores that they share with load and upstream, against one."""
    rates = {}
    for many in (1, 2):
        with running(PLAIN, workers=many, core=None) as (engine, port):
            rates[many] = step(engine, port, chats(key=KEY), 64, SECONDS).requests_per_s
            yield f"{many} workers", f"{rates[many]:,.0f} requests/s"
    yield "two workers against one", f"{rates[2] / rates[1]:.2f} x"


def endurance(requests: int = 1_000_000) -> Told:
    """RSS over a million mixed requests."""
    whole, streamed = chats(key=KEY), chats(key=KEY, streamed=True, sizes=(200, 400), extra="events=5 gap=0")
    mixed = Work("mixed", (*whole.requests, *streamed.requests[:8]))
    done, marks = 0, []
    with running(PLAIN) as (engine, port):
        while done < requests:
            done += step(engine, port, mixed, 32, 10.0).requests
            marks.append(_rss(engine.pids[-1]))
            yield f"RSS after {done:,} requests", f"{marks[-1] / 2**20:.1f} MiB"
    yield "last against first mark", f"{marks[-1] / marks[0]:.3f} x (at most 1.05)"


def _rss(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def _pss(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


MEASURES: dict[str, Callable[[], Told]] = {
    work.__name__: work for work in (start, latency, tables, connections, bodies, lag, pace, delay, workers, endurance)
}


if __name__ == "__main__":
    raise SystemExit(main())
