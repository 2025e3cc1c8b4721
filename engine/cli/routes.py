"""`engine routes`: the table as a person reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.cli.terminal import open_table, say_complaints, table_argument
from engine.routes.explain import describe_routes

if TYPE_CHECKING:
    import argparse

HELP = "list the routes: what is matched, what it speaks, which stages it runs through"
EXAMPLE = """  engine routes
  engine routes staging.yaml"""


def arguments(parser: argparse.ArgumentParser) -> None:
    table_argument(parser)


def run(args: argparse.Namespace) -> int:
    table = open_table(args.table)
    if table is None:
        return 1
    checked = table.check()
    if checked.program is None:
        say_complaints(table, checked)
        return 1
    rows = [("MATCH", "SPEAKS", "STAGES"), *describe_routes(checked.program)]
    widths = [max(len(row[i]) for row in rows) for i in (0, 1)]
    for match, speaks, stages in rows:
        print(f"{match:<{widths[0]}}  {speaks:<{widths[1]}}  {stages}".rstrip())
    return 0
