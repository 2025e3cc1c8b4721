"""The two clocks of a connection on one timer: what the client owes us, and what it does not take from us."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.deadlines import Deadline

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable


class Clocks:
    """Moments are of the loop's clock, in seconds; 0.0 is never. Each clock strikes once and is then off.

    The two may run at the same time: a body may still be arriving while its answer is already on its way out."""

    __slots__ = ("_deadline", "_on_input", "_on_output", "input", "now", "output")

    def __init__(self, loop: AbstractEventLoop, on_input: Callable[[], None], on_output: Callable[[], None]) -> None:
        self._deadline = Deadline(loop.call_at, loop.time, self._strike)
        self._on_input = on_input
        self._on_output = on_output
        self.now = loop.time
        self.input = 0.0
        self.output = 0.0

    def expect_input(self, seconds: float) -> None:
        """The client has `seconds` from now to send what is waited for."""
        self.expect_input_by(self.now() + seconds)

    def expect_input_by(self, due: float) -> None:
        self.input = due
        self._deadline.set(min(due, self.output) if self.output else due)

    def input_came(self) -> None:
        self.input = 0.0
        if not self.output:
            self._deadline.clear()

    def expect_output(self, seconds: float) -> None:
        """The client has `seconds` from now to take something of what is sent to it."""
        self.output = due = self.now() + seconds
        self._deadline.set(min(due, self.input) if self.input else due)

    def output_went(self) -> None:
        self.output = 0.0
        if not self.input:
            self._deadline.clear()

    def close(self) -> None:
        self.input = self.output = 0.0
        self._deadline.close()

    def _strike(self) -> None:
        # The margin is the deadline's own: loop timers may fire a clock tick early.
        late = self.now() + 0.001
        input_due, output_due = 0.0 < self.input <= late, 0.0 < self.output <= late
        if input_due:
            self.input = 0.0
        if output_due:
            self.output = 0.0
        if self.input or self.output:
            self._deadline.set(self.input or self.output)
        if input_due:
            self._on_input()
        if output_due:
            self._on_output()
