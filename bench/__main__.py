"""`python -m bench`: load for a table of yours, or the plain one; `--help` tells all."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import orjson
import uvloop

from bench import wrk
from bench.load import Run
from bench.plot import bars, lines, page
from bench.process import NotReady, Server, mock_upstream, share_upstream_core
from bench.report import Figures, figures, from_wrk, machine, table
from bench.table import KEY, PLAIN, fit, read, write
from bench.work import Work, chats
from engine import __version__

STEPS = (1, 8, 32, 128)


def main(argv: list[str] | None = None) -> int:
    """Runs the steps and writes the report. Exit code 1 when any request failed, 2 when nothing could be measured."""
    args = _arguments().parse_args(argv)
    if args.wrk and wrk.installed() is None:
        print("bench: --wrk: wrk is not installed", file=sys.stderr)
        return 2
    if not args.workers:
        share_upstream_core()
    if args.generator:
        print(table(generator(args.steps, args.seconds)))
        return 0
    try:
        chosen = PLAIN if args.table is None else read(Path(args.table))
    except OSError as reason:
        print(f"bench: {args.table}: {reason.strerror}", file=sys.stderr)
        return 2
    works = [
        chats(args.path, model=args.model, key=args.key),
        chats(args.path, model=args.model, key=args.key, streamed=True, sizes=(200, 2048), extra=f"events={args.events} gap=0"),
    ]
    try:
        with tempfile.TemporaryDirectory() as folder:
            rows = measure(chosen, works, args, Path(folder))
    except NotReady as reason:
        print(f"bench: the engine does not start with this table. {reason}", file=sys.stderr)
        return 2
    print(table(rows))
    if args.into:
        _save(rows, Path(args.into))
    return 1 if any(row.errors for row in rows) else 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("table", nargs="?", help="a route table; every provider in it is replaced by the mock upstream")
    parser.add_argument("--path", default="/v1/chat/completions", help="where chat requests go")
    parser.add_argument("--model", default="gpt-4o", help="the model that requests name")
    parser.add_argument("--key", default=KEY, help="the key that requests carry")
    parser.add_argument("--seconds", type=float, default=3.0, help="per step (default 3)")
    parser.add_argument("--steps", type=int, nargs="+", default=list(STEPS), help="connections, closed loop")
    parser.add_argument("--rate", type=float, help="also an open-loop step with this many requests a second")
    parser.add_argument("--events", type=int, default=50, help="events of a streamed answer (default 50)")
    parser.add_argument("--workers", type=int, help="worker processes of the engine")
    parser.add_argument(
        "--wrk", action="store_true", help="load whole answers in a closed loop by wrk, which must be installed"
    )
    parser.add_argument(
        "--generator", action="store_true", help="measure the load generator (and wrk, where installed) against the mock alone"
    )
    parser.add_argument("--into", help="a folder for report.html and results.json")
    return parser


def measure(chosen: dict[str, Any], works: list[Work], args: argparse.Namespace, folder: Path) -> list[Figures]:
    """Every step of every work, on a fresh engine pinned to the first core, load and upstream on the last."""
    upstream, port = mock_upstream(core=1)
    path = write(fit(chosen, port, args.workers), folder)
    engine = Server("engine", [sys.executable, "-m", "engine", "run", str(path)], core=None if args.workers else 0)
    try:
        at = int(engine.wait_for(r"listening on http://127\.0\.0\.1:(\d+)"))
        rows = []
        for work in works:
            by = wrk_step if args.wrk and not work.streamed else step
            for connections in args.steps:
                rows.append(by(engine, at, work, connections, args.seconds))
            if args.rate:
                rows.append(open_step(engine, at, work, args.rate, args.seconds))
        return rows
    finally:
        engine.stop()
        upstream.stop()


def generator(steps: list[int], seconds: float) -> list[Figures]:
    """What the generator can ask for when nothing stands between it and the mock: the generator on one core, the mock on
    the other. The rows of wrk tell how much of a limit is the mock's."""
    upstream, port = mock_upstream(core=0)
    try:
        rows = [step(upstream, port, chats(key=KEY), connections, seconds) for connections in steps]
        streamed = chats(key=KEY, streamed=True, sizes=(200, 2048), extra="events=50 gap=0")
        rows.append(step(upstream, port, streamed, 32, seconds))
        if wrk.installed():
            rows += [wrk_step(upstream, port, chats(key=KEY), connections, seconds) for connections in steps]
        return rows
    finally:
        upstream.stop()


def step(server: Server, port: int, work: Work, connections: int, seconds: float) -> Figures:
    """One closed-loop step."""
    run = Run("127.0.0.1", port, work)
    cpu = _Cpu(server)
    label = f"{server.name} {work.name} {connections} connections"
    sample = uvloop.run(run.closed(connections, seconds, tick=lambda part: cpu.tick(part, label)))
    return figures(server.name, work.name, str(connections), sample, cpu.spent(), server.rss_bytes())


def wrk_step(server: Server, port: int, work: Work, connections: int, seconds: float) -> Figures:
    """One closed-loop step by wrk, after half a second uncounted by the own generator."""
    uvloop.run(Run("127.0.0.1", port, work).closed(connections, 0.5, warm=0.0))
    before = server.cpu_seconds()
    said = wrk.run(port, work, connections, seconds)
    spent = server.cpu_seconds() - before
    return from_wrk(server.name, f"{work.name} by wrk", str(connections), said, spent, server.rss_bytes())


def open_step(server: Server, port: int, work: Work, rate: float, seconds: float) -> Figures:
    """One open-loop step at `rate` requests a second."""
    run = Run("127.0.0.1", port, work)
    cpu = _Cpu(server)
    label = f"{server.name} {work.name} {rate:.0f} requests/s"
    sample = uvloop.run(run.open(rate, 256, seconds, tick=lambda part: cpu.tick(part, label)))
    return figures(server.name, work.name, f"{rate:.0f}/s", sample, cpu.spent(), server.rss_bytes())


class _Cpu:
    """The server's CPU time from the first counted moment on, and the progress bar."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._before: float | None = None

    def tick(self, part: float, label: str) -> None:
        if self._before is None:
            self._before = self._server.cpu_seconds()
        if sys.stderr.isatty():
            done = int(part * 30)
            print(f"\r\x1b[K{label} [{'#' * done}{'.' * (30 - done)}]", end="", file=sys.stderr, flush=True)

    def spent(self) -> float:
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr)
        return self._server.cpu_seconds() - (self._before or 0.0)


def _save(rows: list[Figures], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    told = {"engine": __version__, "machine": machine(), "rows": [row.to_json() for row in rows]}
    (folder / "results.json").write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2))
    pictures = []
    for work in dict.fromkeys(row.work for row in rows):
        mine = [row for row in rows if row.work == work]
        closed = [row for row in mine if row.load.isdigit()] or mine
        latency = {name: [(r.load, getattr(r, f"{name}_ms")) for r in closed] for name in ("p50", "p99", "p999")}
        pictures.append(lines(f"{work}: latency by connections", "ms", latency))
        pictures.append(bars(f"{work}: requests by load", "per second", [(r.load, r.requests_per_s) for r in mine]))
        pictures.append(bars(f"{work}: CPU per request by load", "us", [(r.load, r.cpu_us) for r in mine]))
    (folder / "report.html").write_text(page(f"Engine {__version__} under load", rows, pictures))
    print(f"wrote {folder}/report.html and {folder}/results.json", file=sys.stderr)


if __name__ == "__main__":
    raise SystemExit(main())
