"""engine/server/unfinished.py: who owes a request head (F-33)."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from engine.server import unfinished as subject
from engine.server.unfinished import Unfinished
from tests.tools.serving import echo, get, serving


class Slow:
    def __init__(self, name: str, given_up: list[str]) -> None:
        self.name = name
        self.given_up = given_up

    def give_up(self) -> None:
        self.given_up.append(self.name)


def test_beyond_the_most_those_are_given_up_that_owe_longest_f33() -> None:
    unfinished, gone = Unfinished(), []
    for n in range(4):
        unfinished.begin(Slow(f"at {n}", gone), "192.0.2.1", n, 2)
    assert gone == ["at 0", "at 1"]
    assert unfinished.count("192.0.2.1") == 2


def test_a_burst_has_a_second_and_is_then_cut_down_to_the_most() -> None:
    unfinished, gone = Unfinished(), []
    for n in range(10):
        unfinished.begin(Slow(str(n), gone), "192.0.2.1", 5.0, 3)
    assert gone == []
    unfinished.begin(Slow("later", gone), "192.0.2.1", 6.0, 3)
    assert gone == [str(n) for n in range(8)]
    assert unfinished.count("192.0.2.1") == 3


def test_who_sent_its_head_or_went_owes_nothing() -> None:
    unfinished, gone = Unfinished(), []
    first = Slow("first", gone)
    unfinished.begin(first, "192.0.2.1", 0.0, 1)
    unfinished.end(first, "192.0.2.1")
    unfinished.end(first, "192.0.2.1")
    assert unfinished.count("192.0.2.1") == 0
    unfinished.begin(Slow("second", gone), "192.0.2.1", 9.0, 1)
    assert gone == []


@pytest.mark.parametrize(
    ("peers", "one"),
    [
        (("192.0.2.1", "192.0.2.2"), False),
        (("2001:db8::1", "2001:db8::ffff:1"), True),
        (("2001:db8::1", "2001:db8:0:1::1"), False),
        (("fe80::1%eth0", "fe80::2%eth0"), True),
        (("::ffff:192.0.2.1", "192.0.2.1"), True),
        (("::ffff:192.0.2.1", "::ffff:192.0.2.2"), False),
        (("127.0.0.1", "127.0.0.1"), True),
    ],
)
def test_what_counts_as_one_address(peers: tuple[str, str], one: bool) -> None:
    """One IPv6 client has a /64; loopback is an address like any other."""
    unfinished, gone = Unfinished(), []
    for moment, peer in enumerate(peers):
        unfinished.begin(Slow(peer, gone), peer, 10.0 * moment, 1)
    assert bool(gone) is one


def test_only_heads_that_are_owed_count_f33(run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that were never sent, and halves; not idle connections, nor requests under way. Halves get a 408."""
    monkeypatch.setattr(subject, "SOON", 0.0)

    async def main() -> None:
        async with serving(echo, limits={"unfinished_per_address": 2}) as served, AsyncExitStack() as stack:
            idle, slow = [], []
            for _ in range(5):
                idle.append(client := await stack.enter_async_context(await served.connect()))
                await client.send(get("/a"))
                await client.answer()
            for _ in range(4):
                slow.append(client := await stack.enter_async_context(await served.connect()))
                await client.send(get("/late")[:9])
                await asyncio.sleep(0.01)
            for client in slow[:2]:
                answer = await client.answer()
                assert (answer.status, answer.body) == (408, b"request_timeout")
                assert await client.read_to_end() == b""
            for client in slow[2:]:
                await client.send(get("/late")[9:])
                assert (await client.answer()).status == 200
            for client in idle:
                await client.send(get("/again"))
                assert (await client.answer()).status == 200
            assert served.meter.counts["unfinished_ended"] == 2

    run(main())


def test_a_second_request_that_stays_half_is_owed_too(run, monkeypatch: pytest.MonkeyPatch) -> None:
    """F-33: whether its first bytes come alone, or right behind the request before it."""
    monkeypatch.setattr(subject, "SOON", 0.0)

    async def main() -> None:
        async with serving(echo, limits={"unfinished_per_address": 1}) as served, AsyncExitStack() as stack:
            for first, then in ((get("/a"), get()[:5]), (get("/a") + get()[:5], b"")):
                one = await stack.enter_async_context(await served.connect())
                await one.send(first)
                await one.answer()
                await one.send(then) if then else await asyncio.sleep(0)
                await asyncio.sleep(0.02)
                async with await served.connect() as newcomer:
                    assert (await one.answer()).status == 408
                    await newcomer.send(get("/b"))
                    assert (await newcomer.answer()).status == 200

    run(main())
