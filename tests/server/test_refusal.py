"""engine/server/refusal.py: beyond the limit of connections."""

from __future__ import annotations

from contextlib import AsyncExitStack

from tests.tools.raw import until
from tests.tools.serving import echo, get, serving


def test_beyond_the_limit_is_503_with_retry_after_f41(run) -> None:
    async def main() -> None:
        async with serving(echo, limits={"connections": 2}) as served, AsyncExitStack() as stack:
            inside = [await stack.enter_async_context(await served.connect()) for _ in range(2)]
            await until(lambda: served.listener.connections == 2)
            for speaks_first in (True, False):
                async with await served.connect() as beyond:
                    if speaks_first:
                        await beyond.send(get())
                    answer = await beyond.answer()
                    assert (answer.status, answer.body) == (503, b"overloaded")
                    assert (answer.headers["retry-after"], answer.headers["connection"]) == ("1", "close")
                    assert await beyond.read_to_end() == b""
            assert served.refused == [("overloaded", "")] * 2
            assert served.listener.connections == 2
            await inside[0].send(get("/a"))
            assert (await inside[0].answer()).status == 200

            inside[0].close()
            await until(lambda: served.listener.connections == 1)
            async with await served.connect() as again:
                await again.send(get("/b"))
                assert (await again.answer()).status == 200

    run(main())


def test_a_burst_is_counted_exactly(run) -> None:
    async def main() -> None:
        async with serving(echo, limits={"connections": 3}) as served, AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(await served.connect()) for _ in range(10)]
            for client in clients:
                client.sock.send(get())
            statuses = [(await client.answer()).status for client in clients]
            assert sorted(statuses) == [200] * 3 + [503] * 7

    run(main())
