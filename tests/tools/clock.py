"""A clock that a test owns: time passes only when the test says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(eq=False)
class Timer:
    clock: Clock
    due: float
    then: Callable[[], None]

    def cancel(self) -> None:
        if self in self.clock.timers:
            self.clock.timers.remove(self)


class Clock:
    """`time()` in seconds from 0; `call_at` as an event loop has it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[Timer] = []

    def time(self) -> float:
        return self.now

    def call_at(self, due: float, then: Callable[[], None]) -> Timer:
        timer = Timer(self, due, then)
        self.timers.append(timer)
        return timer

    def run_to(self, moment: float) -> None:
        """Fires what is due up to `moment`, in order of time."""
        while due := [t for t in self.timers if t.due <= moment]:
            first = min(due, key=lambda t: t.due)
            self.timers.remove(first)
            self.now = max(self.now, first.due)
            first.then()
        self.now = moment

    def fire_all(self) -> None:
        """Fires every timer now, due or not: an event loop's timers may be early."""
        timers, self.timers = self.timers, []
        for timer in timers:
            timer.then()
