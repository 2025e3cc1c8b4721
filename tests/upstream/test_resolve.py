"""F-03: names are resolved off the loop, remembered, and a name server's failure is survived."""

from __future__ import annotations

import asyncio
import socket
import threading

import pytest

from engine.upstream.resolve import Resolver, look_up
from tests.tools.calling import fault_of, run
from tests.tools.clock import Clock


class Names:
    """A name server in a test's hand."""

    def __init__(self, **answers: list[str] | Exception) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.may_answer = threading.Event()
        self.may_answer.set()

    def __call__(self, host: str) -> list[str]:
        self.asked.append(host)
        self.may_answer.wait(5)
        answer = self.answers.get(host, socket.gaierror(-2, "no such name"))
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_an_answer_is_remembered_for_a_minute() -> None:
    async def main() -> None:
        names, clock = Names(a=["192.0.2.1", "192.0.2.2"]), Clock()
        resolver = Resolver(names, now=clock.time)
        for moment, asked in ((1.0, 1), (60.0, 1), (62.0, 2)):
            clock.now = moment
            assert await resolver.resolve("a", 1) == ("192.0.2.1", "192.0.2.2")
            assert len(names.asked) == asked

    run(main)


def test_a_name_that_fails_is_a_fault() -> None:
    async def main() -> None:
        for failure in (socket.gaierror(-2, "x"), UnicodeError(), OSError()):
            assert await fault_of(Resolver(Names(a=failure)).resolve("a", 1)) == "upstream_dns"
        assert await fault_of(Resolver(Names(a=[])).resolve("a", 1)) == "upstream_dns"

    run(main)


def test_an_old_answer_serves_for_ten_minutes_when_a_new_one_cannot_be_had() -> None:
    async def main() -> None:
        names, clock = Names(a=["192.0.2.1"]), Clock()
        clock.now = 1.0
        resolver = Resolver(names, now=clock.time)
        await resolver.resolve("a", 1)
        names.answers["a"] = OSError()
        clock.now = 600.0
        assert await resolver.resolve("a", 1) == ("192.0.2.1",)
        assert await resolver.resolve("a", 1) == ("192.0.2.1",)
        assert len(names.asked) == 2, "right after a failure the old answer serves at once"
        clock.now = 602.0
        assert await fault_of(resolver.resolve("a", 1)) == "upstream_dns"
        names.answers["a"] = ["192.0.2.9"]
        assert await resolver.resolve("a", 1) == ("192.0.2.9",)

    run(main)


def test_one_look_up_serves_all_who_wait_and_none_waits_beyond_its_time() -> None:
    async def main() -> None:
        names = Names(slow=["192.0.2.1"], quick=["192.0.2.2"])
        names.may_answer.clear()
        resolver = Resolver(names, cap=0.02)
        assert await asyncio.gather(*(fault_of(resolver.resolve("slow", 5)) for _ in range(100))) == ["upstream_dns"] * 100
        assert names.asked == ["slow"]
        names.may_answer.set()
        # A hundred who waited for a slow name delay no other name.
        assert await resolver.resolve("quick", 1) == ("192.0.2.2",)
        await resolver.resolve("slow", 1)  # the late answer counts
        assert names.asked.count("slow") == 1

    run(main)


def test_threads_are_bounded_and_the_rest_wait_their_turn() -> None:
    async def main() -> None:
        names = Names(**{f"n{i}": ["192.0.2.1"] for i in range(6)})
        names.may_answer.clear()
        resolver = Resolver(names, threads=2)
        tasks = [asyncio.create_task(resolver.resolve(f"n{i}", 5)) for i in range(6)]
        while len(names.asked) < 2:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.005)
        assert len(names.asked) == 2
        names.may_answer.set()
        assert await asyncio.gather(*tasks) == [("192.0.2.1",)] * 6

    run(main)


def test_a_cancelled_waiter_leaves_the_look_up_to_the_others() -> None:
    async def main() -> None:
        names = Names(a=["192.0.2.1"])
        names.may_answer.clear()
        resolver = Resolver(names)
        first, second = (asyncio.create_task(resolver.resolve("a", 5)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        names.may_answer.set()
        assert await second == ("192.0.2.1",)
        assert first.cancelled()

    run(main)


def test_an_answer_that_comes_after_the_end_of_the_loop_is_dropped() -> None:
    names = Names(a=["192.0.2.1"])
    names.may_answer.clear()
    resolver = Resolver(names, cap=0.001)

    async def main() -> None:
        await fault_of(resolver.resolve("a", 1))

    run(main)
    names.may_answer.set()
    for thread in threading.enumerate():
        if thread.name.startswith("resolve"):
            thread.join(2)  # a thread that raises fails the test: pytest's unraisable-exception warning


def test_the_systems_own_look_up() -> None:
    assert "127.0.0.1" in look_up("localhost")
    assert look_up("127.0.0.1") == ("127.0.0.1",)
    with pytest.raises(UnicodeError):
        look_up("a" * 70 + ".example")


def test_so_many_names_are_remembered_and_waited_for() -> None:
    async def main() -> None:
        names = Names(a=["192.0.2.1"], b=["192.0.2.2"], c=["192.0.2.3"])
        resolver = Resolver(names, most=2)
        for host in ("a", "b", "c", "a", "x", "y", "z"):
            if host in names.answers:
                assert len(await resolver.resolve(host, 1)) == 1
            else:
                assert await fault_of(resolver.resolve(host, 1)) == "upstream_dns"
        assert names.asked == ["a", "b", "c", "a", "x", "y", "z"], "the oldest was forgotten"
        assert (len(resolver._known), len(resolver._failed)) == (2, 2)
        names.may_answer.clear()
        waiting = [asyncio.ensure_future(fault_of(resolver.resolve(host, 1))) for host in ("p", "q")]
        await asyncio.sleep(0)
        assert await fault_of(resolver.resolve("r", 1)) == "upstream_dns"
        names.may_answer.set()
        await asyncio.gather(*waiting)
        assert "r" not in names.asked

    run(main)
