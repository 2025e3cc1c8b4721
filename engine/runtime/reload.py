"""Which table is served, which one would be served again, and what a new text on disk means for both. No processes here."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from engine.observe.request_log import timestamp
from engine.runtime.generation import Generation, check_table
from engine.runtime.respawn import Trial
from engine.runtime.table import Table, Unreadable, read_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import Literal

    from engine.routes.compile import Checked

MOST_TOLD = 10  # complaints in the status of the last reload


@dataclass(frozen=True, slots=True)
class Reading:
    """What a look at the file found: a generation, or why there is none (`checked` when it could be read at all)."""

    outcome: Literal["applied", "unchanged", "refused"]
    says: str
    generation: Generation | None = None
    table: Table | None = None
    checked: Checked | None = None


class Tables:
    """The generations of one file. `status` is what /health tells of the last reload."""

    def __init__(self, path: Path, environ: Mapping[str, str], now: Callable[[], float], env_file: Path | None = None) -> None:
        self._path = path
        self._environ = environ
        self._env_file = env_file
        self._now = now
        self._trial: Trial | None = None
        self._current: Generation | None = None
        self._good: Generation | None = None
        self.status: dict[str, Any] | None = None

    @property
    def current(self) -> Generation:
        """What is served; there is one once `adopt` was called."""
        assert self._current is not None
        return self._current

    @property
    def paths(self) -> list[Path]:
        """The files that a change is looked for in."""
        return [self._path, self._env_file or self._path.parent / ".env"]

    def read(self) -> Reading:
        """Reads and checks the file, its `.env` and the secret files it names. Nothing changes but `status`."""
        reading = self._read()
        if self._current is not None:
            self._note(reading.outcome, reading.says, _told(reading.checked))
        return reading

    def adopt(self, generation: Generation) -> None:
        """Serves `generation` from now on; the one before is kept to come back to, if nobody died of it."""
        now = self._now()
        if self._current is not None and (self._trial is None or self._trial.passed(now)):
            self._good = self._current
        self._current = generation
        self._trial = Trial(now) if self._good is not None else None

    def crashed(self) -> bool:
        """A worker died; True when the current table is to blame and there is one to come back to."""
        return self._trial is not None and self._trial.crashed(self._now())

    def roll_back(self, why: str) -> Generation | None:
        """The last good table under a new number, or None when there is none (F-68)."""
        if self._good is None:
            return None
        self._current = replace(self._good, number=self.current.number + 1)
        self._good = self._trial = None
        self._note("rolled_back", why, [])
        return self._current

    def _read(self) -> Reading:
        try:
            table = read_table(self._path, self._environ, self._env_file)
        except Unreadable as why:
            return Reading("refused", str(why))
        checked, files = check_table(table)
        program = checked.program
        if program is None:
            wrong = sum(complaint.severity == "error" for complaint in checked.complaints)
            return Reading("refused", f"{table.file} has {wrong} error{'s' * (wrong != 1)}", None, table, checked)
        if self._current is not None and program.digest == self._current.program.digest:
            return Reading("unchanged", f"{table.file} is as before", None, table, checked)
        number = self._current.number + 1 if self._current else 1
        return Reading("applied", f"{table.file} is good", Generation(number, table, files, program), table, checked)

    def _note(self, outcome: str, says: str, complaints: list[str]) -> None:
        self.status = {"outcome": outcome, "at": timestamp(time.time()), "says": says, "complaints": complaints}


def needs_restart(old: Any, new: Any) -> list[str]:
    """What of the `server:` section changed that a reload cannot change: option names."""
    return [name for name in ("listen", "workers", "tls") if getattr(old, name) != getattr(new, name)]


def _told(checked: Checked | None) -> list[str]:
    errors = [c for c in checked.complaints if c.severity == "error"] if checked else []
    return [f"{c.file}:{c.line}:{c.column} {c.code} {c.says}" for c in errors[:MOST_TOLD]]
