"""`python -m bench.peers`: the engine beside what install.sh has installed, in one run, in interleaved rounds.

The gateway under test has the first core to itself, load and upstream share the last. Medians of the rounds; ratios of
medians. CPU time is the process's own accounting.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import orjson

from bench.__main__ import step
from bench.peers.peer import Peer, Setting, free_port, start
from bench.process import Server, mock_upstream
from bench.report import Figures, machine, table
from bench.work import Work, chats

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = ("engine", "nginx", "sglang", "vllm", "portkey", "litellm")


def main(argv: list[str] | None = None) -> int:
    """Measures, prints the table of medians and of ratios, writes the raw figures."""
    args = _arguments().parse_args(argv)
    peers = [importlib.import_module(f"bench.peers.{name}").PEER for name in args.peers]
    installed = Path(args.installed).resolve()
    found = {peer.name: peer.version(installed) for peer in peers}
    for name, version in found.items():
        print(f"{name} {version or 'is not installed'}", file=sys.stderr)
    rows: list[Figures] = []
    upstream, port = mock_upstream(core=1)
    try:
        for _ in range(args.rounds):
            for peer in peers:
                if found[peer.name]:
                    rows += _round(peer, port, installed, args)
    finally:
        upstream.stop()
    medians = _medians(rows)
    print(table(medians))
    print("\nengine against each (ratio of medians)\n" + ratios(medians))
    if args.into:
        _save(rows, medians, found, Path(args.into))
    return 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__)
    parser.add_argument("--peers", nargs="+", choices=NAMES, default=list(NAMES))
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds (default 3)")
    parser.add_argument("--seconds", type=float, default=3.0, help="per step (default 3)")
    parser.add_argument("--works", nargs="+", default=["json", "one", "stream"], choices=["json", "one", "stream", "large"])
    parser.add_argument("--installed", default=".peers", help="where install.sh put them (default .peers)")
    parser.add_argument("--into", help="a folder for the raw figures (bench/results)")
    return parser


def works(peer: Peer, setting: Setting, names: list[str]) -> Iterator[tuple[Work, int]]:
    """(work, connections) for each name: `json` and `stream` at 32 connections, `one` the same at one, `large` 1 MiB bodies."""
    asked = partial(chats, peer.path, key=peer.key, headers=peer.headers(setting))
    made = {
        "json": (asked(), 32),
        "one": (Work("one", asked().requests), 1),
        "stream": (asked(streamed=True, sizes=(200, 2048), extra="events=50 gap=0"), 32),
        "large": (Work("1MiB", asked(sizes=(2**20, 2**20 + 1), variants=2).requests), 4),
    }
    for name in names:
        yield made[name]


def _round(peer: Peer, upstream: int, installed: Path, args: argparse.Namespace) -> list[Figures]:
    with _running(peer, upstream, installed) as (server, setting):
        if server is None:
            return []
        return [
            step(server, setting.port, work, connections, args.seconds)
            for work, connections in works(peer, setting, args.works)
        ]


@contextmanager
def _running(peer: Peer, upstream: int, installed: Path) -> Iterator[tuple[Server | None, Setting]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o777)  # nginx's workers give up root
        setting = Setting(free_port(), upstream, folder, installed)
        try:
            server = start(peer, setting, core=0)
        except TimeoutError as late:
            print(f"{late}: left out of this round", file=sys.stderr)
            yield None, setting
            return
        stack.callback(server.stop)
        yield server, setting


def _medians(rows: list[Figures]) -> list[Figures]:
    """One row for each (server, work): the median of every figure over the rounds."""
    out = []
    for key in dict.fromkeys((row.work, row.server, row.load) for row in rows):
        mine = [row.to_json() for row in rows if (row.work, row.server, row.load) == key]
        merged = {k: median(m[k] for m in mine) if isinstance(v, (int, float)) else v for k, v in mine[0].items()}  # type: ignore[type-var]
        out.append(Figures(**merged))  # type: ignore[arg-type]
    return out


def ratios(medians: list[Figures]) -> str:
    """Engine / peer, for throughput, CPU time and latency, per work."""
    lines = []
    for work in dict.fromkeys(row.work for row in medians):
        rows = {row.server: row for row in medians if row.work == work}
        mine = rows.get("engine")
        for name, row in rows.items():
            if mine is None or name == "engine":
                continue
            cpu = "cpu_us_event" if row.cpu_us_event else "cpu_us"
            facts = (
                f"{work:7s} {name:8s} requests/s {_ratio(mine.requests_per_s, row.requests_per_s)}   "
                f"CPU {_ratio(getattr(mine, cpu), getattr(row, cpu))}   p50 {_ratio(mine.p50_ms, row.p50_ms)}   "
                f"p99 {_ratio(mine.p99_ms, row.p99_ms)}"
            )
            lines.append(facts)
    return "\n".join(lines)


def _ratio(mine: float, theirs: float) -> str:
    return f"{mine / theirs:6.2f} x" if theirs else "     - "


def _save(rows: list[Figures], medians: list[Figures], versions: dict[str, str], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    day = time.strftime("%Y-%m-%d", time.gmtime())
    told = {
        "date": day,
        "machine": machine(),
        "versions": versions,
        "medians": [row.to_json() for row in medians],
        "rows": [row.to_json() for row in rows],
    }
    path = folder / f"peers-{day}.json"
    path.write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n")
    print(f"wrote {path}", file=sys.stderr)


if __name__ == "__main__":
    raise SystemExit(main())
