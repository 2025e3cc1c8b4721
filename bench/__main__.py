"""`python -m bench`: load for a table of yours, or the plain one; `--help` tells all."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import orjson
import uvloop

from bench.load import Run
from bench.plot import bars, lines, page
from bench.process import Server, mock_upstream
from bench.report import Figures, figures, machine, table
from bench.table import KEY, PLAIN, fit, read, write
from bench.work import Work, chats

STEPS = (1, 8, 32, 128)


def main(argv: list[str] | None = None) -> int:
    """Runs the steps and writes the report. Exit code 1 when any request failed."""
    args = _arguments().parse_args(argv)
    chosen = PLAIN if args.table is None else read(Path(args.table))
    works = [
        chats(args.path, model=args.model, key=args.key),
        chats(args.path, model=args.model, key=args.key, streamed=True, sizes=(200, 2048), extra=f"events={args.events} gap=0"),
    ]
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(chosen, works, args, Path(folder))
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
            for connections in args.steps:
                rows.append(step(engine, at, work, connections, args.seconds))
            if args.rate:
                rows.append(open_step(engine, at, work, args.rate, args.seconds))
        return rows
    finally:
        engine.stop()
        upstream.stop()


def step(server: Server, port: int, work: Work, connections: int, seconds: float) -> Figures:
    """One closed-loop step."""
    run = Run("127.0.0.1", port, work)
    cpu = _Cpu(server)
    label = f"{server.name} {work.name} {connections} connections"
    sample = uvloop.run(run.closed(connections, seconds, tick=lambda part: cpu.tick(part, label)))
    return figures(server.name, work.name, str(connections), sample, cpu.spent(), server.rss_bytes())


def open_step(server: Server, port: int, work: Work, rate: float, seconds: float) -> Figures:
    """One open-loop step at `rate` requests a second."""
    run = Run("127.0.0.1", port, work)
    before = server.cpu_seconds()
    sample = uvloop.run(run.open(rate, 256, seconds, warm=0.0))
    return figures(server.name, work.name, f"{rate:.0f}/s", sample, server.cpu_seconds() - before, server.rss_bytes())


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
    (folder / "results.json").write_bytes(
        orjson.dumps({"machine": machine(), "rows": [row.to_json() for row in rows]}, option=orjson.OPT_INDENT_2)
    )
    pictures = []
    for work in dict.fromkeys(row.work for row in rows):
        mine = [row for row in rows if row.work == work]
        latency = {name: [(r.load, getattr(r, f"{name}_ms")) for r in mine] for name in ("p50", "p99", "p999")}
        pictures.append(lines(f"{work}: latency by load", "ms", latency))
        pictures.append(bars(f"{work}: CPU per request by load", "us", [(r.load, r.cpu_us) for r in mine]))
    (folder / "report.html").write_text(page("Engine under load", rows, pictures))
    print(f"wrote {folder}/report.html and {folder}/results.json", file=sys.stderr)


if __name__ == "__main__":
    raise SystemExit(main())
