"""A deadline that is moved often and fires seldom: one timer per connection, not one per wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


# Seconds. A timer that fires so late was held up: the process was suspended, or the loop stood still. What came meanwhile is
# waiting to be read, and event loops fire timers before they read: nobody is late until it had this time (F-49).
STOOD_STILL = 0.25
CATCH_UP = 0.05


class Handle(Protocol):
    def cancel(self) -> None: ...


class Deadline:
    """Calls `on_due()` once when the moment that was last `set` has passed. Moving it later costs one assignment: the timer
    that is already running looks again when it fires. `call_at` and `now` are the event loop's `call_at` and `time`."""

    __slots__ = ("_call_at", "_due", "_handle", "_now", "_on_due", "_timer_due")

    def __init__(
        self, call_at: Callable[[float, Callable[[], None]], Any], now: Callable[[], float], on_due: Callable[[], None]
    ) -> None:
        self._call_at = call_at
        self._now = now
        self._on_due = on_due
        self._due = 0.0
        self._timer_due = 0.0
        self._handle: Handle | None = None

    def set(self, due: float) -> None:
        """`due` is a moment of the loop's clock, in seconds."""
        self._due = due
        if self._handle is not None:
            if self._timer_due <= due:
                return
            self._handle.cancel()
        self._timer_due = due
        self._handle = self._call_at(due, self._fire)

    def clear(self) -> None:
        """Nothing is due; the running timer, if any, will find that out by itself."""
        self._due = 0.0

    def close(self) -> None:
        self._due = 0.0
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _fire(self) -> None:
        self._handle = None
        due = self._due
        if not due:
            return
        now = self._now()
        # Event loop timers may fire a clock tick early.
        if due - now > 0.001:
            self._timer_due = due
            self._handle = self._call_at(due, self._fire)
            return
        if now - self._timer_due > STOOD_STILL:
            self._timer_due = now + CATCH_UP
            self._handle = self._call_at(self._timer_due, self._fire)
            return
        self._due = 0.0
        self._on_due()
