"""engine/server/inbound.py: waiting for heads at the edges of their clocks. The rest is shown by test_connection.py and
test_incoming.py over real sockets."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from engine.faults import Fault
from engine.server.door import LINGER_SECONDS, Door
from engine.server.inbound import Inbound
from engine.settings import Server, Timeouts
from engine.web import Response
from engine.wire.head import RequestHead
from tests.tools.clock import Clock
from tests.tools.raw import turns
from tests.tools.services import RememberingMeter
from tests.tools.serving import echo, get


class OwnedLoop(Clock):
    """Futures of the running loop, time of the test."""

    def create_future(self) -> asyncio.Future[None]:
        return asyncio.get_running_loop().create_future()


def waiting(draining: bool = False) -> tuple[Inbound, OwnedLoop, asyncio.Task[Any]]:
    timeouts = Timeouts(head=10.0, idle=75.0)
    door = Door(echo, lambda fault, path: Response(500), Server(timeouts=timeouts), RememberingMeter(), print)
    door.draining = draining
    loop = OwnedLoop()
    inbound = Inbound(door, loop, True, False)  # type: ignore[arg-type]
    return inbound, loop, asyncio.ensure_future(next_head(inbound))


async def next_head(inbound: Inbound) -> RequestHead | None:
    """As Connection._serve waits for it."""
    head = inbound._next_request(inbound._reader.idle)
    while head is None and not inbound._late:
        await inbound._input()
        head = inbound._look_again()
    return head


def test_nothing_for_as_long_as_a_connection_may_be_idle_is_the_end() -> None:
    async def main() -> None:
        _, loop, head = waiting()
        await turns()
        loop.run_to(74)
        await turns()
        assert not head.done()
        loop.run_to(75)
        assert await head is None

    asyncio.run(main())


def test_while_draining_a_first_request_has_a_second_to_come() -> None:
    async def main() -> None:
        _, loop, head = waiting(draining=True)
        await turns()
        loop.run_to(LINGER_SECONDS)
        assert await head is None

    asyncio.run(main())


def test_a_head_has_ten_seconds_from_its_first_byte_however_it_drips_f33() -> None:
    async def main() -> None:
        inbound, loop, head = waiting()
        await turns()
        loop.run_to(50)
        for byte in get()[:10]:
            inbound.data_received(bytes([byte]))
            await turns()
            assert not head.done()
            loop.run_to(loop.now + 1)
        with pytest.raises(Fault, match="request_timeout"):
            await head

    asyncio.run(main())


def test_a_head_that_is_there_when_the_clock_strikes_is_taken() -> None:
    async def main() -> None:
        inbound, loop, head = waiting()
        await turns()
        inbound.data_received(get("/just"))
        loop.run_to(75)  # in the same turn, before the task is back
        found = await head
        assert found is not None
        assert found.path == "/just"
        assert not inbound._late

    asyncio.run(main())
