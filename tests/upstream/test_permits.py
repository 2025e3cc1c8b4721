from __future__ import annotations

import asyncio

from engine.upstream.permits import Permits
from tests.tools.calling import run


def test_no_more_than_the_bound_are_out() -> None:
    permits = Permits(2)
    assert permits.try_take()
    assert permits.try_take()
    assert not permits.try_take()
    permits.give_back()
    assert permits.try_take()


def test_a_permit_goes_to_who_waited_longest_and_newcomers_cannot_overtake() -> None:
    async def main() -> None:
        permits = Permits(1)
        permits.try_take()
        served: list[str] = []

        async def wait(name: str) -> None:
            assert await permits.take(5)
            served.append(name)

        tasks = [asyncio.create_task(wait(name)) for name in "abc"]
        await asyncio.sleep(0)
        for _ in range(3):
            permits.give_back()
            assert not permits.try_take()
            await asyncio.sleep(0)
        assert served == ["a", "b", "c"]
        await asyncio.gather(*tasks)
        permits.give_back()
        assert permits.out == 0

    run(main)


def test_waiting_ends_after_its_time() -> None:
    async def main() -> None:
        permits = Permits(1)
        assert await permits.take(0.01)
        assert not await permits.take(0.01)
        assert not await permits.take(0)
        assert not permits._waiting, "who gave up leaves nothing behind"
        permits.give_back()
        assert permits.out == 0

    run(main)


def test_a_cancelled_waiter_loses_no_permit() -> None:
    """F-30: neither when it is cancelled while waiting, nor in the turn in which a permit was handed to it."""

    async def main() -> None:
        for handed_over in (False, True):
            permits = Permits(1)
            permits.try_take()
            first = asyncio.create_task(permits.take(5))
            second = asyncio.create_task(permits.take(5))
            await asyncio.sleep(0)
            if handed_over:
                permits.give_back()
            first.cancel()
            if not handed_over:
                permits.give_back()
            assert await second
            assert first.cancelled()
            permits.give_back()
            assert permits.out == 0

    run(main)
