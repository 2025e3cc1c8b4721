"""An event loop that stands still: measured by a tick, told of by a thread (F-49, F-51)."""

from __future__ import annotations

import os
import sys
import threading
import traceback
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.deadlines import Handle

TICK = 0.1  # seconds between two ticks of the loop
LOOK = 0.25  # seconds between two looks of the thread
BLOCKED = 1.0  # seconds without a tick: the stack is told
HOPELESS = 30.0  # seconds without one: the worker ends itself, and is replaced


class Heart:
    """Ticks on the loop every TICK seconds; `beat(lag)` is told how many seconds late each tick is. `call_at` and `now` are
    the loop's `call_at` and `time`."""

    def __init__(
        self, call_at: Callable[[float, Callable[[], None]], Handle], now: Callable[[], float], beat: Callable[[float], None]
    ) -> None:
        self._call_at = call_at
        self._now = now
        self._beat = beat
        self._set()

    def stop(self) -> None:
        self._handle.cancel()

    def _set(self) -> None:
        self._due = self._now() + TICK
        self._handle = self._call_at(self._due, self._tick)

    def _tick(self) -> None:
        self._beat(max(0.0, self._now() - self._due))
        self._set()


class Watchdog:
    """Looks whether the loop still ticks. `say(kind, message, level, **facts)` is called from the watching thread;
    `abort` ends the process."""

    def __init__(self, now: Callable[[], float], say: Callable[..., None], abort: Callable[[], None] = os.abort) -> None:
        self._now = now
        self._say = say
        self._abort = abort
        self._ticked = self._looked = now()
        self._told = False
        self._loop_thread = threading.get_ident()
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def tick(self) -> None:
        """The loop lives."""
        self._ticked = self._now()

    def stop(self) -> None:
        self._leaving.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> None:
        now = self._now()
        away, self._looked = now - self._looked, now
        if away > LOOK + BLOCKED:
            # The whole process stood still, this thread too: the loop gets its time to catch up.
            self._ticked = now
            self._say("suspended", "the process did not run: suspended, or in one long native call", "warning", seconds=away)
            return
        stood = now - self._ticked
        if stood <= BLOCKED:
            self._told = False
        elif not self._told:
            self._told = True
            self._say("loop_blocked", "the event loop stands still", "error", seconds=stood, stack=self._stack())
        if stood > HOPELESS:
            self._say("loop_hopeless", "the worker ends itself", "error", seconds=stood, stack=self._stack())
            self._abort()

    def _run(self) -> None:
        while not self._leaving.wait(LOOK):
            self.look()

    def _stack(self) -> str:
        frame: Any = sys._current_frames().get(self._loop_thread)
        return "" if frame is None else "".join(traceback.format_stack(frame)[-8:])
