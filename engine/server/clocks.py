"""Hot: guarded by bench/micro/connection.py. The two clocks of a connection: what the client owes us, and what it does not take
from us. And the timers of all connections together."""

from __future__ import annotations

from functools import partial
from math import ceil, inf
from typing import TYPE_CHECKING, Protocol

from engine.deadlines import CATCH_UP, STOOD_STILL

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, TimerHandle

TICK = 0.125  # seconds that a clock may strike late; a power of two, so that whole seconds are met


class Timed(Protocol):
    """Who is told that a clock has struck."""

    def input_late(self) -> None: ...

    def output_late(self) -> None: ...


class Wheel:
    """One timer for all clocks that are to be looked at in the same tick: a timer of its own would cost an idle connection
    700 bytes, a place here costs 50."""

    __slots__ = ("_slots",)

    def __init__(self) -> None:
        self._slots: dict[float, tuple[set[Clocks], TimerHandle]] = {}

    def put(self, clocks: Clocks, due: float, loop: AbstractEventLoop) -> float:
        """`clocks.look` will be called within a tick from `due`; returns at which moment."""
        moment = ceil(due / TICK) * TICK
        slot = self._slots.get(moment)
        if slot is None:
            slot = self._slots[moment] = (set(), loop.call_at(moment, partial(self._turn, moment, moment, loop)))
        slot[0].add(clocks)
        return moment

    def drop(self, clocks: Clocks, moment: float) -> None:
        slot = self._slots.get(moment)
        if slot is None:
            return
        waiting, timer = slot
        waiting.discard(clocks)
        if not waiting:
            timer.cancel()
            del self._slots[moment]

    def _turn(self, moment: float, expected: float, loop: AbstractEventLoop) -> None:
        now = loop.time()
        waiting, _ = self._slots.pop(moment)
        if now - expected > STOOD_STILL:
            again = now + CATCH_UP
            self._slots[moment] = (waiting, loop.call_at(again, partial(self._turn, moment, again, loop)))
            return
        try:
            while waiting:
                waiting.pop().look()
        finally:
            # One that fails must not cost the others their moment.
            for clocks in waiting:
                self.put(clocks, moment, loop)


class Clocks:
    """Moments are of the loop's clock, in seconds; 0.0 is never. Each clock strikes once and is then off, at most a TICK late.

    The two may run at the same time: a body may still be arriving while its answer is already on its way out. Moving a clock
    on, or stopping it, is one assignment: the timer that is already running looks again when it fires."""

    # One for every open connection: no bound method is kept, each would be 64 bytes.
    __slots__ = ("_after", "_loop", "_timed", "_wheel", "input", "output")

    def __init__(self, wheel: Wheel, loop: AbstractEventLoop, timed: Timed) -> None:
        self._wheel = wheel
        self._loop = loop
        self._timed = timed
        self._after = inf  # what is due after this moment is looked at in time: a tick before the timer; inf without one
        self.input = 0.0
        self.output = 0.0

    def expect_input(self, seconds: float) -> None:
        """The client has `seconds` from now to send what is waited for."""
        self.input = due = self._loop.time() + seconds
        if due <= self._after:
            self._start(due)

    def expect_input_by(self, due: float) -> None:
        self.input = due
        if due <= self._after:
            self._start(due)

    def input_came(self) -> None:
        self.input = 0.0

    def expect_output(self, seconds: float) -> None:
        """The client has `seconds` from now to take something of what is sent to it."""
        self.output = due = self._loop.time() + seconds
        if due <= self._after:
            self._start(due)

    def output_went(self) -> None:
        self.output = 0.0

    def close(self) -> None:
        self.input = self.output = 0.0
        self._stop()

    def look(self) -> None:
        """For the wheel: strikes what is due."""
        self._after = inf
        # Event loop timers may fire a clock tick early.
        late = self._loop.time() + 0.001
        input_due, output_due = 0.0 < self.input <= late, 0.0 < self.output <= late
        if input_due:
            self.input = 0.0
        if output_due:
            self.output = 0.0
        if self.input or self.output:
            self._start(min(self.input or inf, self.output or inf))
        if input_due:
            self._timed.input_late()
        if output_due:
            self._timed.output_late()

    def _start(self, due: float) -> None:
        self._stop()
        self._after = self._wheel.put(self, due, self._loop) - TICK

    def _stop(self) -> None:
        if self._after != inf:
            self._wheel.drop(self, self._after + TICK)
            self._after = inf
