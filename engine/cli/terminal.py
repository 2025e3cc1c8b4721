"""What commands share when they speak to a person: colour, complaints, reading the table."""

from __future__ import annotations

import io
import os
import select
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from engine.routes.complaints import render_github, render_json, render_text
from engine.runtime.table import Table, Unreadable, read_table

if TYPE_CHECKING:
    import argparse

    from engine.routes.compile import Checked

FORMATS = ("text", "json", "github")


def table_argument(parser: argparse.ArgumentParser, *, positional: bool = True) -> None:
    """The table that a command works on; `routes.yaml` in the current folder unless told."""
    if positional:
        parser.add_argument("table", nargs="?", default="routes.yaml", help="the route table (default: routes.yaml)")
    else:
        parser.add_argument("--table", default="routes.yaml", help="the route table (default: routes.yaml)")


def in_colour(stream: TextIO | io.TextIOBase) -> bool:
    """Colours only on a terminal, and never against NO_COLOR (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


class Unwaiting(io.TextIOBase):
    """`stream` for one who must never wait: what its reader does not take is dropped. The supervisor speaks through it, or a
    stderr that is full and that nobody reads would stop it, and with it every worker's replacement and the end (F-46)."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def isatty(self) -> bool:
        return self._stream.isatty()

    def write(self, text: str) -> int:
        try:
            fd = self._stream.fileno()
        except OSError:  # not a file (io.UnsupportedOperation): it has no reader to wait for
            return self._stream.write(text)
        data = text.encode("utf-8", "backslashreplace")
        poll = select.poll()
        poll.register(fd, select.POLLOUT)
        # A pipe that says it is writable takes PIPE_BUF bytes at once.
        while data and poll.poll(0):
            data = data[os.write(fd, data[: select.PIPE_BUF]) :]
        return len(text)


def open_table(path: str) -> Table | None:
    """The table, or None after saying on stderr why it cannot be read."""
    try:
        return read_table(Path(path))
    except Unreadable as why:
        print(f"engine: {why}", file=sys.stderr)
        if path == "routes.yaml":
            print("engine: name another table, or go to the folder that holds one", file=sys.stderr)
        return None


def say_complaints(table: Table, checked: Checked, format: str = "text", stream: TextIO | io.TextIOBase | None = None) -> None:
    """Every complaint, to `stream` (default stderr)."""
    out = stream or sys.stderr
    if format == "json":
        print(render_json(checked.complaints), file=out)
    elif format == "github":
        print(render_github(checked.complaints), file=out)
    elif checked.complaints:
        print(render_text(checked.complaints, {table.file: table.text}, in_colour(out)), file=out)
