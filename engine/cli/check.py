"""`engine check`: every complaint about a table in one pass, and nothing is served."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from engine.cli.terminal import FORMATS, open_table, say_complaints, table_argument
from engine.routes.crossing import crossings, write_crossings
from engine.runtime.table import parts

if TYPE_CHECKING:
    import argparse

HELP = "say what is wrong with a table: every complaint, with place, code and suggestion"
EXAMPLE = """  engine check
  engine check staging.yaml --deny-warnings
  engine check --losses               # all that a client's format says and a provider's cannot
  engine check --format github        # annotations in a pull request"""


def arguments(parser: argparse.ArgumentParser) -> None:
    table_argument(parser)
    parser.add_argument("--format", choices=FORMATS, default="text", help="how complaints are written (default: text)")
    parser.add_argument("--losses", action="store_true", help="tell all that is lost where formats are converted")
    parser.add_argument("--deny-warnings", action="store_true", help="a warning fails the check too")


def run(args: argparse.Namespace) -> int:
    table = open_table(args.table)
    if table is None:
        return 1
    checked = table.check()
    say_complaints(table, checked, args.format, sys.stdout)
    failed = checked.program is None or (args.deny_warnings and bool(checked.complaints))
    if args.format == "text" and not failed and checked.program is not None:
        program = checked.program
        print(
            f"{table.file}: ok ({len(program.routes)} routes, {len(program.models)} models, {len(program.providers)} providers)"
        )
        print(write_crossings(crossings(program, parts()), args.losses), end="")
    return 1 if failed else 0
