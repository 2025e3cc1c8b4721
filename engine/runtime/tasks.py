"""Background tasks that are kept, named, and whose failure is seen."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


class Tasks:
    """An event loop holds its tasks weakly and tells of a failure when it is too late; this does neither.
    `report` is told of every exception that ends a task."""

    def __init__(self, report: Callable[[BaseException], None]) -> None:
        self._report = report
        self._running: set[asyncio.Task[None]] = set()

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)

    async def stop(self, seconds: float = 0.0) -> None:
        """Lets what is running end within `seconds`, then cancels it; returns when all have ended."""
        running = list(self._running)
        if running:
            await asyncio.wait(running, timeout=seconds)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (mistake := task.exception()) is not None:
            self._report(mistake)
