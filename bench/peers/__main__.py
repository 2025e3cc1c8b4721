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
from typing import TYPE_CHECKING

import orjson

from bench import wrk
from bench.__main__ import step, wrk_step
from bench.peers import setting as settings
from bench.peers.compare import added, added_lines, medians, ratios
from bench.peers.peer import Peer, Setting, free_port, start
from bench.process import Server, mock_upstream, share_upstream_core
from bench.report import Figures, machine, table
from bench.work import Work, chats

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES = ("direct", "engine", "nginx", "sglang", "vllm", "portkey", "litellm")
WORKS = ("json", "one", "stream", "large", "huge")
PEERS: dict[str, Peer] = {peer.name: peer for file in FILES for peer in importlib.import_module(f"bench.peers.{file}").PEERS}


def main(argv: list[str] | None = None) -> int:
    """Measures, prints the table of medians and of ratios, writes the raw figures."""
    args = _arguments().parse_args(argv)
    if args.wrk and wrk.installed() is None:
        print("bench.peers: --wrk: wrk is not installed", file=sys.stderr)
        return 2
    share_upstream_core()
    peers = [PEERS[name] for name in args.peers]
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
    middle = medians(rows)
    print(table(middle))
    print("\nengine against each (ratio of medians)\n" + ratios(middle))
    if latency := added(middle):
        print("\nadded at one connection (median less that of direct)\n" + added_lines(latency))
    if args.into:
        used = [peer for peer in peers if found[peer.name]]
        _save(rows, found, {peer.name: settings.told(peer, installed) for peer in used}, Path(args.into))
    return 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__)
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS))
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds (default 3)")
    parser.add_argument("--seconds", type=float, default=3.0, help="per step (default 3)")
    parser.add_argument("--works", nargs="+", default=list(WORKS[:3]), choices=WORKS)
    parser.add_argument("--wrk", action="store_true", help="load whole answers by wrk, which must be installed")
    parser.add_argument("--installed", default=".peers", help="where install.sh put them (default .peers)")
    parser.add_argument("--into", help="a folder for the raw figures (bench/results)")
    return parser


def works(peer: Peer, setting: Setting, names: list[str]) -> Iterator[tuple[Work, int]]:
    """(work, connections) for each name: `json` and `stream` at 32 connections, `one` the same at one, `large` and `huge`
    bodies of 1 and 8 MiB."""
    asked = partial(chats, peer.path, key=peer.key, headers=peer.headers(setting))
    made = {
        "json": (asked(), 32),
        "one": (Work("one", asked().requests), 1),
        "stream": (asked(streamed=True, sizes=(200, 2048), extra="events=50 gap=0"), 32),
        "large": (Work("1MiB", asked(sizes=(2**20, 2**20 + 1), variants=2).requests), 4),
        "huge": (Work("8MiB", asked(sizes=(2**23, 2**23 + 1), variants=2).requests), 4),
    }
    for name in names:
        yield made[name]


def _round(peer: Peer, upstream: int, installed: Path, args: argparse.Namespace) -> list[Figures]:
    with _running(peer, upstream, installed) as (server, setting):
        if server is None:
            return []
        rows = []
        for work, connections in works(peer, setting, args.works):
            by = wrk_step if args.wrk and not work.streamed else step
            rows.append(by(server, setting.port, work, connections, args.seconds))
        return rows


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


def _save(rows: list[Figures], versions: dict[str, str], used: dict[str, dict[str, object]], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    day = time.strftime("%Y-%m-%d", time.gmtime())
    middle = medians(rows)
    told = {
        "date": day,
        "machine": machine(),
        "versions": versions,
        "settings": used,
        "medians": [row.to_json() for row in middle],
        "added_us": {name: {"p50": p50, "p99": p99} for name, (p50, p99) in added(middle).items()},
        "rows": [row.to_json() for row in rows],
    }
    path = folder / f"peers-{day}.json"
    path.write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n")
    print(f"wrote {path}", file=sys.stderr)


if __name__ == "__main__":
    raise SystemExit(main())
