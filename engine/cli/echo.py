"""`engine echo`: the table as it was understood."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.cli.terminal import open_table, say_complaints, table_argument
from engine.routes.echo import write_table

if TYPE_CHECKING:
    import argparse

HELP = "print the table as understood: variables substituted, defaults filled in, secrets masked"
EXAMPLE = """  engine echo
  LISTEN=0.0.0.0:80 engine echo | grep listen"""


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
    print(write_table(checked.program), end="")
    return 0
