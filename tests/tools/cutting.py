"""A client that leaves at the k-th await of its own request, wherever in the engine that await stands (F-38)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class Cutter:
    """A task factory. While it is armed, every task that is made is stepped, and all awaits of all of them are counted.

    At await number `at` the client leaves: in the next turn of the loop, while nothing has come of the await; or, `late`, in
    the very turn in which it is over and its task is about to go on."""

    def __init__(self) -> None:
        self.armed = False
        self.at = 0
        self.late = False
        self.count = 0
        self.cut = False
        self._leave: Callable[[], None] = _nobody

    def arm(self, at: int, late: bool, leave: Callable[[], None]) -> None:
        self.armed, self.at, self.late, self.count, self.cut = True, at, late, 0, False
        self._leave = leave

    def factory(self, loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], **more: Any) -> asyncio.Task[Any]:
        return asyncio.Task(Stepped(work, self._met) if self.armed else work, loop=loop, **more)

    def _met(self, waited: Any) -> None:
        if not self.armed:
            return
        self.count += 1
        if self.count != self.at:
            return
        self.cut = True
        if self.late and waited is not None:
            # Added before the task's own, hence called before it.
            waited.add_done_callback(lambda _: self._leave())
        else:
            asyncio.get_running_loop().call_soon(self._leave)


class Stepped(Coroutine[Any, Any, Any]):
    """`work`, of which every await is told."""

    def __init__(self, work: Coroutine[Any, Any, Any], met: Callable[[Any], None]) -> None:
        self._work = work
        self._met = met

    def send(self, value: Any) -> Any:
        waited = self._work.send(value)
        self._met(waited)
        return waited

    def throw(self, *error: Any) -> Any:
        waited = self._work.throw(*error)
        self._met(waited)
        return waited

    def close(self) -> None:
        self._work.close()

    def __await__(self) -> Any:
        raise RuntimeError("only tasks step it")


def _nobody() -> None: ...
