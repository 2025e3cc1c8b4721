"""A bound on how many may be doing something, with a queue that is served in order of arrival."""

from __future__ import annotations

import asyncio


class Permits:
    """At most `bound` permits are out at a time. A permit that comes back goes straight to the one who waited longest, so a
    newcomer can never overtake the queue."""

    __slots__ = ("_bound", "_waiting", "out")

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._waiting: dict[asyncio.Future[bool], None] = {}  # a queue from whose middle one can leave
        self.out = 0

    def try_take(self) -> bool:
        """Takes a permit without waiting, if one is free."""
        if self.out >= self._bound:
            return False
        self.out += 1
        return True

    async def take(self, seconds: float) -> bool:
        """Waits at most `seconds` for a permit; False when none came. Cancelling leaves the queue."""
        if self.try_take():
            return True
        if seconds <= 0:
            return False
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[bool] = loop.create_future()
        self._waiting[waiter] = None
        timer = loop.call_later(seconds, _give_up, waiter)
        try:
            return await waiter
        except BaseException:
            # Handed over in the very turn in which the waiting task was cancelled: the permit goes on to the next.
            if waiter.done() and not waiter.cancelled() and waiter.result():
                self.give_back()
            raise
        finally:
            timer.cancel()
            self._waiting.pop(waiter, None)

    def give_back(self) -> None:
        while self._waiting:
            waiter = next(iter(self._waiting))
            del self._waiting[waiter]
            if not waiter.done():
                waiter.set_result(True)
                return
        self.out -= 1


def _give_up(waiter: asyncio.Future[bool]) -> None:
    if not waiter.done():
        waiter.set_result(False)
