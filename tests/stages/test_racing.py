from __future__ import annotations

import asyncio
import contextlib

import pytest

from engine.faults import Fault
from engine.stages.racing import Won, race
from engine.targets import Outcome
from tests.tools.step import FakeReply, reply, targets

(A,) = targets("a")


async def win(answer: FakeReply, turns: int = 1) -> Won:
    for _ in range(turns):
        await asyncio.sleep(0)
    return Won(answer, A)


async def lose(code: str, turns: int = 1) -> Outcome:
    for _ in range(turns):
        await asyncio.sleep(0)
    return Outcome(Fault(code))


async def hang(seen: list[str], answer: FakeReply | None = None) -> Won | Outcome:
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        seen.append("dropped")
        if answer is None:
            raise
    assert answer is not None
    return Won(answer, A)


def test_the_first_success_wins_and_the_losers_are_dropped_before_it_is_handed_on() -> None:
    async def main() -> None:
        seen: list[str] = []
        best = reply()
        ended = await race([hang(seen), lose("upstream_error"), win(best, 3), hang(seen)], None)
        assert isinstance(ended, Won)
        assert ended.reply is best
        assert seen == ["dropped", "dropped"]
        assert not best.closed
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


def test_of_two_who_win_in_the_same_turn_the_first_named_wins_and_the_others_answer_is_closed() -> None:
    async def main() -> None:
        one, two = reply(), reply()
        ended = await race([win(one), win(two)], None)
        assert isinstance(ended, Won)
        assert ended.reply is one
        assert (one.closed, two.closed) == (False, True)

    asyncio.run(main())


def test_an_answer_that_comes_while_it_is_dropped_is_closed() -> None:
    async def main() -> None:
        late, best = reply(), reply()
        await race([hang([], late), win(best)], None)
        assert late.closed

    asyncio.run(main())


def test_when_all_lose_each_fault_is_told_in_order() -> None:
    async def main() -> None:
        ended = await race([lose("upstream_error", 5), lose("upstream_auth"), lose("upstream_timeout", 3)], None)
        assert isinstance(ended, Outcome)
        assert [fault.code for fault in ended.each] == ["upstream_error", "upstream_auth", "upstream_timeout"]
        assert ended.fault is ended.each[-1]

    asyncio.run(main())


def test_who_is_late_has_timed_out() -> None:
    async def main() -> None:
        seen: list[str] = []
        ended = await race([hang(seen), lose("upstream_error")], 0.005)
        assert isinstance(ended, Outcome)
        assert [fault.code for fault in ended.each] == ["upstream_first_byte_timeout", "upstream_error"]
        assert seen == ["dropped"]

    asyncio.run(main())


def test_a_client_who_leaves_drops_all() -> None:
    """F-30"""

    async def main() -> None:
        seen: list[str] = []
        running = asyncio.create_task(race([hang(seen), hang(seen)], None))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert seen == ["dropped", "dropped"]
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


def test_a_mistake_of_ours_is_no_loss_but_a_mistake() -> None:
    async def broken() -> Outcome:
        raise ZeroDivisionError

    async def main() -> None:
        seen: list[str] = []
        with pytest.raises(ZeroDivisionError):
            await race([hang(seen), broken()], None)
        assert seen == ["dropped"]

    asyncio.run(main())


def test_cancelled_twice_while_it_cleans_up_leaves_no_answer_open() -> None:
    """F-30, F-38"""

    async def main() -> None:
        late = reply()
        running = asyncio.create_task(race([hang([], late)], None))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        running.cancel()
        await asyncio.sleep(0)
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        assert late.closed

    asyncio.run(main())


def test_cancelled_in_any_turn_no_answer_stays_open() -> None:
    """F-30, F-38: also not the winner's, when the cancelling comes while the losers end."""

    async def main() -> None:
        closed = []
        for turns in range(1, 9):
            answered: list[FakeReply] = []
            running = asyncio.create_task(race([hang([]), note(answered)], None))
            for _ in range(turns):
                await asyncio.sleep(0)
            if running.cancel():
                await asyncio.wait([running])
                assert all(answer.closed for answer in answered)
                closed += answered
        assert len(closed) >= 2

    async def note(answered: list[FakeReply]) -> Won:
        await asyncio.sleep(0)
        answered.append(reply())
        return Won(answered[-1], A)

    asyncio.run(main())
