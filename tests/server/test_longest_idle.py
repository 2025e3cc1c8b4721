"""engine/server/longest_idle.py: whom a newcomer takes the place of (F-34)."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from math import inf

import pytest

from engine.server import longest_idle as subject
from engine.server.longest_idle import LOOK, LongestIdle
from tests.tools.raw import until
from tests.tools.serving import echo, get, serving


@dataclass(eq=False)
class Someone:
    idle_since: float
    walked: int = 0


def test_the_longest_idle_first_and_nobody_who_may_be_about_to_ask() -> None:
    census = [Someone(3.0), Someone(1.0), Someone(inf), Someone(9.5), Someone(2.0)]
    idle = LongestIdle(census)
    assert [idle.find(10.0) for _ in range(4)] == [census[1], census[4], census[0], None]


def test_who_was_asked_something_meanwhile_is_passed_over() -> None:
    census = [Someone(1.0), Someone(2.0), Someone(3.0)]
    idle = LongestIdle(census)
    assert idle.find(10.0) is census[0]
    census[1].idle_since = inf
    assert idle.find(10.0) is census[2]


def test_all_are_walked_seldom() -> None:
    walks = []

    class Census(list[Someone]):
        def __iter__(self):  # type: ignore[no-untyped-def]
            walks.append(True)
            return super().__iter__()

    idle = LongestIdle(Census([Someone(inf)]))
    for n in range(100):
        assert idle.find(10.0 + n * LOOK / 1000) is None
    assert len(walks) == 1
    idle.find(10.0 + LOOK)
    assert len(walks) == 2


def test_a_newcomer_takes_the_place_of_the_longest_idle_f34(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "SURELY", 0.0)
    monkeypatch.setattr(subject, "LOOK", 0.0)

    async def main() -> None:
        async with serving(echo, limits={"connections": 3}) as served, AsyncExitStack() as stack:
            inside = [await stack.enter_async_context(await served.connect()) for _ in range(3)]
            for client in (inside[1], inside[0], inside[2]):
                await client.send(get("/a"))
                await client.answer()
                await asyncio.sleep(0.01)
            for longest in (inside[1], inside[0]):
                newcomer = await stack.enter_async_context(await served.connect())
                assert await longest.read_to_end() == b""
                await newcomer.send(get("/b"))
                assert (await newcomer.answer()).status == 200
            await inside[2].send(get("/c"))
            assert (await inside[2].answer()).status == 200
            await until(lambda: served.listener.connections == 3)
            assert served.meter.counts["idle_closed"] == 2
            assert served.refused == []

    run(main())
