"""Workers that are not heard of any more, as the supervisor sees it (F-51).

A worker's own watchdog is a thread of Python: native code that keeps the interpreter to itself (a regular expression that
never ends) stops it too. The supervisor is another process, so it sees that as well.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from engine.runtime.events import Event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from engine.runtime.crew import Member

LOOK = 5.0  # seconds between two looks
SILENT = 45.0  # seconds without a word: the worker is ended; later than its own watchdog would have ended it


class Pulse:
    """Ends silent workers: by SIGABRT, which tells where they stand, then by SIGKILL. `stopped(pid)` tells whether somebody
    else keeps a process from running (F-49). Moments are of `now`, in seconds."""

    def __init__(
        self,
        crew: Iterable[Member],
        now: Callable[[], float],
        tell: Callable[[Event], None],
        stopped: Callable[[int], bool] | None = None,
        send: Callable[[int, int], None] = os.kill,
    ) -> None:
        self._crew = crew
        self._now = now
        self._tell = tell
        self._stopped = stopped or is_stopped
        self._send = send
        self._looked = now()
        self._warned: set[int] = set()  # serials

    @property
    def next_due(self) -> float:
        """When `look` is worth calling."""
        return self._looked + LOOK

    def look(self) -> None:
        now = self._now()
        if now < self.next_due:
            return
        away, self._looked = now - self._looked, now
        for member in self._crew:
            # When we did not run ourselves, neither did they: what they said meanwhile is yet to be read.
            if not member.ready or away > 2 * LOOK or self._stopped(member.pid):
                member.heard = now
            elif now - member.heard > SILENT:
                self._end(member, now - member.heard)

    def _end(self, member: Member, silent: float) -> None:
        if member.serial in self._warned:
            self._send(member.pid, signal.SIGKILL)
            return
        self._warned.add(member.serial)
        facts = {"pid": member.pid}
        self._tell(Event("worker_silent", f"a worker was not heard of for {silent:.0f} s and is ended", "error", facts))
        self._send(member.pid, signal.SIGABRT)


def is_stopped(pid: int) -> bool:
    """By SIGSTOP or a debugger (proc(5): states T and t); False where the system does not tell."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return state in ("T", "t")
