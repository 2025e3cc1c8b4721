"""Signals as bytes in a pipe: the supervisor reads them in its one loop, never in the middle of something else."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import FrameType

STOPS = frozenset({signal.SIGTERM, signal.SIGINT})
HEARD = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


class Signals:
    """Entered by the main thread of the supervisor. `fileno()` is readable when `take()` has something to give."""

    def __init__(self) -> None:
        self._stops = 0
        self._before: dict[int, Any] = {}
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)

    def __enter__(self) -> Signals:
        self._wakeup = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        self._before = {number: signal.signal(number, self._heard) for number in HEARD}
        return self

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(self._wakeup)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._reader)
        os.close(self._writer)

    def fileno(self) -> int:
        return self._reader

    def take(self) -> list[int]:
        """The signals that came, in order; a storm may lose repeats but never the last of a kind (F-64)."""
        try:
            return list(os.read(self._reader, 4096))
        except BlockingIOError:
            return []

    def forget(self) -> None:
        """In a child, before any signal is let in: it hears its own signals only."""
        signal.set_wakeup_fd(-1)
        for number in HEARD:
            signal.signal(number, signal.SIG_DFL)
        os.close(self._reader)
        os.close(self._writer)

    def _heard(self, number: int, _frame: FrameType | None) -> None:
        self._stops += number in STOPS
        if self._stops >= 3:  # F-61: even a supervisor that hangs can be got rid of
            os._exit(128 + number)
