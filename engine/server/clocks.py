"""Hot: guarded by bench/micro/connection.py. The two clocks of a connection on one timer: what the client owes us, and what it
does not take from us."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, TimerHandle
    from collections.abc import Callable


class Clocks:
    """Moments are of the loop's clock, in seconds; 0.0 is never. Each clock strikes once and is then off.

    The two may run at the same time: a body may still be arriving while its answer is already on its way out. Moving a clock
    on, or stopping it, is one assignment: the timer that is already running looks again when it fires."""

    __slots__ = ("_call_at", "_fires", "_handle", "_on_input", "_on_output", "input", "now", "output")

    def __init__(self, loop: AbstractEventLoop, on_input: Callable[[], None], on_output: Callable[[], None]) -> None:
        self._call_at = loop.call_at
        self._handle: TimerHandle | None = None
        self._fires = inf  # when the timer does; inf while there is none
        self._on_input = on_input
        self._on_output = on_output
        self.now = loop.time
        self.input = 0.0
        self.output = 0.0

    def expect_input(self, seconds: float) -> None:
        """The client has `seconds` from now to send what is waited for."""
        self.input = due = self.now() + seconds
        if due < self._fires:
            self._start(due)

    def expect_input_by(self, due: float) -> None:
        self.input = due
        if due < self._fires:
            self._start(due)

    def input_came(self) -> None:
        self.input = 0.0

    def expect_output(self, seconds: float) -> None:
        """The client has `seconds` from now to take something of what is sent to it."""
        self.output = due = self.now() + seconds
        if due < self._fires:
            self._start(due)

    def output_went(self) -> None:
        self.output = 0.0

    def close(self) -> None:
        self.input = self.output = 0.0
        self._fires = inf
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _start(self, due: float) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._fires = due
        self._handle = self._call_at(due, self._fire)

    def _fire(self) -> None:
        self._handle, self._fires = None, inf
        # Event loop timers may fire a clock tick early.
        late = self.now() + 0.001
        input_due, output_due = 0.0 < self.input <= late, 0.0 < self.output <= late
        if input_due:
            self.input = 0.0
        if output_due:
            self.output = 0.0
        if self.input or self.output:
            self._start(min(self.input or inf, self.output or inf))
        if input_due:
            self._on_input()
        if output_due:
            self._on_output()
