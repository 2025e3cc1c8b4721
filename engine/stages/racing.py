"""Several asks at once: the first success wins, and the losers are dropped before it is handed on."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.faults import Fault
from engine.targets import Outcome

if TYPE_CHECKING:
    from engine.ports import Reply
    from engine.targets import Target


class Won(NamedTuple):
    """The answer, and who gave it."""

    reply: Reply
    target: Target


Runner = Coroutine[Any, Any, "Won | Outcome"]
_Task = asyncio.Task["Won | Outcome"]


async def race(runners: Sequence[Runner], timeout: float | None) -> Won | Outcome:
    """Every runner in a task of its own, for at most `timeout` seconds. Who has not answered by then has failed with
    `upstream_first_byte_timeout`. Cancelling drops them all."""
    tasks = [asyncio.create_task(runner) for runner in runners]
    winner = None
    try:
        winner = await _first_to_win(tasks, timeout)
    finally:
        try:
            await _drop_others(tasks, winner)
        except BaseException:
            # Cancelled while the losers end: nobody is handed the winner's answer (F-30).
            _close(winner)
            raise
    if winner is not None:
        return winner.result()
    faults = tuple(_fault_of(task) for task in tasks)
    return Outcome(faults[-1], faults)


async def _first_to_win(tasks: list[_Task], timeout: float | None) -> _Task | None:
    """None when all lost or time ran out; in the order of `tasks` when several win in the same turn."""
    loop = asyncio.get_running_loop()
    due = None if timeout is None else loop.time() + timeout
    pending = set(tasks)
    while pending:
        left = None if due is None else max(0.0, due - loop.time())
        done, pending = await asyncio.wait(pending, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            return None
        for task in tasks:
            if task in done and isinstance(task.result(), Won):
                return task
    return None


async def _drop_others(tasks: list[_Task], winner: _Task | None) -> None:
    for task in tasks:
        task.cancel()
    try:
        await asyncio.wait(tasks)
    finally:
        for task in tasks:
            # Also a loser may have its answer by now.
            if task is not winner:
                _close(task)


def _close(task: _Task | None) -> None:
    # Asking for an exception is what marks it as seen.
    if task is not None and task.done() and not task.cancelled() and task.exception() is None:
        ended = task.result()
        if isinstance(ended, Won):
            ended.reply.close()


def _fault_of(task: _Task) -> Fault:
    ended = None if task.cancelled() else task.result()
    late = Fault("upstream_first_byte_timeout")
    return (ended.fault or late) if isinstance(ended, Outcome) else late
