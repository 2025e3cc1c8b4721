"""How it all ends: the first signal drains, the second does not wait, and what does not end is killed (F-60, F-61)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.runtime.events import Event
from engine.runtime.worker import START_FAILED

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.runtime.crew import Crew

START_SECONDS = 30.0  # for a worker to be ready
DRAIN_GRACE = 2.0  # seconds beyond timeouts.shutdown before a worker is killed
QUIT_GRACE = 2.0  # seconds after the second signal


class Ending:
    """`code` is the exit code, None while nothing ends. Moments are of `now`, in seconds."""

    def __init__(self, crew: Crew, now: Callable[[], float], tell: Callable[[Event], None]) -> None:
        self._crew = crew
        self._now = now
        self._tell = tell
        self._deadline = float("inf")
        self.code: int | None = None

    def stop(self, number: int, patience: float) -> None:
        """A signal came; requests in flight have `patience` seconds when it is the first."""
        if self.code is None:
            self.code = 0
            self._tell(Event("draining", f"finishing what is in flight, for at most {patience:g} s"))
            self._order("drain", patience + DRAIN_GRACE)
            return
        self.code = 128 + number
        self._tell(Event("stopping", "ending at once", "warning"))
        self._order("quit", QUIT_GRACE)

    def fail(self, why: str) -> None:
        """The first workers cannot start: trying again would only hide it (F-68)."""
        self.code = START_FAILED
        self._tell(Event("failed", f"cannot start: {why}", "error"))
        self._order("quit", QUIT_GRACE)

    def next_due(self) -> float:
        """When `kill_the_late` is worth calling."""
        starting = [member.born + START_SECONDS for member in self._crew if not member.ready]
        return min(self._deadline, *starting, float("inf"))

    def kill_the_late(self) -> None:
        """Those that should have ended by now, or should have been ready."""
        now = self._now()
        for member in self._crew:
            if now >= self._deadline or (not member.ready and now >= member.born + START_SECONDS):
                member.kill()

    def _order(self, word: str, seconds: float) -> None:
        self._crew.dismiss()
        self._crew.tell({"do": word})
        self._deadline = self._now() + seconds
