"""A table that was read and checked once, and is then served by every worker as it was read.

A worker is given text, environment and secret files, not a path: no half-written file, no two workers with two tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.routes.compile import check
from engine.runtime.table import Table, parts, read_secret_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.program import Program
    from engine.routes.compile import Checked


@dataclass(frozen=True, slots=True)
class Generation:
    """`number` counts up with every table that is adopted. `files` holds what `${file:...}` gave, by path: they are
    secrets, so neither they nor the environment are printed."""

    number: int
    table: Table
    files: Mapping[str, str]
    program: Program

    def __repr__(self) -> str:
        return f"Generation({self.number}, {self.table.file!r})"

    def message(self) -> dict[str, Any]:
        """What a worker is sent."""
        table = self.table
        return {
            "number": self.number,
            "file": table.file,
            "text": table.text,
            "environ": dict(table.environ),
            "files": dict(self.files),
        }


class Mismatch(Exception):
    """A table that the supervisor accepted was refused by a worker."""


def read_message(message: Mapping[str, Any]) -> Generation:
    """The generation that was sent. Raises Mismatch."""
    table = Table(message["file"], message["text"], message["environ"])
    files: dict[str, str] = message["files"]
    checked = check(table.text, table.file, table.environ, _only(files), parts())
    if checked.program is None:
        raise Mismatch(f"{len(checked.complaints)} complaints")
    return Generation(message["number"], table, files, checked.program)


def check_table(table: Table) -> tuple[Checked, dict[str, str]]:
    """The check, and the secret files that it read."""
    files: dict[str, str] = {}

    def read(path: str) -> str:
        if path not in files:
            files[path] = read_secret_file(path)
        return files[path]

    return table.check(read), files


def _only(files: Mapping[str, str]) -> Any:
    def read(path: str) -> str:
        try:
            return files[path]
        except KeyError:
            raise FileNotFoundError(path) from None

    return read
