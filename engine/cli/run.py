"""`engine run`: checks the table, then serves it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.terminal import Unwaiting, in_colour, say_complaints, table_argument
from engine.runtime import supervisor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.program import Program
    from engine.runtime.events import Event

HELP = "check the table, then serve it until told to stop"
EXAMPLE = """  engine run
  engine run staging.yaml --listen 127.0.0.1:9090 --watch
  kill -HUP <pid>                     # reload; a bad table changes nothing
  kill <pid>                          # requests in flight are finished first"""

_COLOUR = {"info": "32", "warning": "33", "error": "31"}


def arguments(parser: argparse.ArgumentParser) -> None:
    table_argument(parser)
    parser.add_argument("--listen", metavar="HOST:PORT", help="instead of the table's server.listen")
    parser.add_argument("--workers", type=_workers, metavar="N", help="instead of the table's server.workers")
    parser.add_argument("--env-file", type=Path, metavar="PATH", help="variables, instead of the `.env` beside the table")
    parser.add_argument("--watch", action="store_true", help="reload when the file changes")


def run(args: argparse.Namespace) -> int:
    return supervisor.run(
        args.table, listen=args.listen, workers=args.workers, watch=args.watch, env_file=args.env_file, on_event=tell
    )


def tell(event: Event) -> None:
    """One event of the supervisor's, to a person, on stderr (stdout is the request log's)."""
    if sys.stderr is None:  # it was closed when the process began
        return
    out = Unwaiting(sys.stderr)
    if event.checked is not None and event.table is not None:
        say_complaints(event.table, event.checked, stream=out)
    mark = f"\x1b[{_COLOUR[event.level]}mengine:\x1b[0m" if in_colour(out) else "engine:"
    says = event.says
    if event.kind == "ready":
        scheme = "https" if event.facts["tls"] else "http"
        says = "listening on " + ", ".join(f"{scheme}://{address}" for address in event.facts["addresses"])
    print(f"{mark} {says}", file=out)
    if event.kind in ("ready", "reloaded") and event.program is not None:
        for line in _served(event.program):
            print(f"{mark} {line}", file=out)


def _served(program: Program) -> Iterator[str]:
    """What is served, what is not and why: a line each."""
    yield f"{len(program.routes)} routes, {len(program.models)} models; `engine routes` lists them"
    for provider in program.providers.values():
        if provider.unavailable:
            yield f"provider `{provider.name}` is unavailable: {provider.unavailable}"
    open_routes = [route.name for route in program.routes for use in route.stages if getattr(use.part, "is_open", False)]
    if open_routes:
        yield f"no key is set: callers on loopback are let in ({len(open_routes)} routes)"


def _workers(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 256:
        raise argparse.ArgumentTypeError("a whole number from 1 to 256")
    return int(text)
