"""engine/server/incoming.py: request bodies that are still arriving."""

from __future__ import annotations

from typing import Any

import pytest

from engine.faults import Fault
from engine.web import Request, Response
from tests.tools.raw import random_cuts, until
from tests.tools.serving import chunked, echo, get, post, serving


@pytest.mark.parametrize("seed", range(4))
def test_a_chunked_body_is_put_together_however_it_is_cut_i4(run, seed: int) -> None:
    sent = chunked(b"a" * 10, b"b" * 1000, b"c", path="/c")

    async def main() -> None:
        async with serving(echo) as served, await served.connect() as client:
            await client.send(sent, range(0, len(sent), 7) if seed == 0 else random_cuts(sent, seed))
            assert (await client.answer()).body == b"POST /c " + b"a" * 10 + b"b" * 1000 + b"c"
            await client.send(get("/next"))
            assert (await client.answer()).body == b"GET /next "

    run(main())


def test_a_request_whose_body_is_still_arriving_is_not_under_way_f41(run) -> None:
    async def main() -> None:
        async with serving(echo) as served, await served.connect() as client:
            await client.send(post(b"body")[:-1])
            await until(lambda: served.meter.active == -1)  # nobody said that it began
            await client.send(b"y")
            assert (await client.answer()).status == 200
            assert served.meter.active == 0

    run(main())


@pytest.mark.parametrize("cut", [None, -3])
def test_a_body_that_came_with_its_head_is_there_at_once(run, cut: int | None) -> None:
    seen: list[Request] = []

    async def handler(request: Request, client: Any) -> None:
        seen.append(request)
        await echo(request, client)

    async def main() -> None:
        async with serving(handler) as served, await served.connect() as client:
            await client.send(post(b"body"), [] if cut is None else [len(post(b"body")) + cut])
            assert (await client.answer()).body == b"POST / body"

    run(main())
    (request,) = seen
    assert (request.body, request.incoming is None) == ((b"body", True) if cut is None else (None, False))


def test_a_body_may_be_read_twice(run) -> None:
    async def handler(request: Request, client: Any) -> None:
        assert request.incoming is not None
        first = await request.incoming.read()
        client.send(Response(200, [], first + await request.incoming.read()))

    async def main() -> None:
        async with serving(handler) as served, await served.connect() as client:
            await client.send(post(b"body"), [-2 + len(post(b"body"))])
            assert (await client.answer()).body == b"bodybody"

    run(main())


def test_chunks_come_as_they_arrive(run) -> None:
    async def handler(request: Request, client: Any) -> None:
        assert request.incoming is not None
        pieces = [piece async for piece in request.incoming.chunks()]
        client.send(Response(200, [], b"|".join(pieces)))

    async def main() -> None:
        async with serving(handler) as served, await served.connect() as client:
            sent = post(b"onetwothree")
            await client.send(sent, [len(sent) - 11, len(sent) - 8, len(sent) - 5])
            assert (await client.answer()).body == b"one|two|three"

    run(main())


@pytest.mark.parametrize("dripped", [False, True])
@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (post(b"x" * 200, "/b"), "body_too_large"),
        (chunked(b"x" * 60, b"y" * 60, path="/b"), "body_too_large"),
        (get("/b", "transfer-encoding: chunked", method="POST") + b"FFFFFFFF\r\nx", "body_too_large"),
        (get("/b", "transfer-encoding: chunked", method="POST") + b"2\r\nabX\r\n", "bad_request"),
        (get("/b", "transfer-encoding: chunked", method="POST") + b"2\nab\n0\n\n", "bad_request"),
    ],
)
def test_a_wrong_body_is_the_handlers_to_answer_and_the_end_i1_f35(run, sent: bytes, code: str, dripped: bool) -> None:
    caught: list[str] = []

    async def handler(request: Request, client: Any) -> None:
        assert request.incoming is not None
        for _ in range(2):  # it stays wrong
            try:
                await request.incoming.read()
            except Fault as fault:
                caught.append(fault.code)
                status = fault.status
        client.send(Response(status, [], b"mine"))

    async def main() -> None:
        async with serving(handler, limits={"body": 100}) as served, await served.connect() as client:
            await client.send(sent, range(len(sent)) if dripped else [])
            answer = await client.answer()
            assert (answer.status, answer.body, answer.headers["connection"]) == (Fault(code).status, b"mine", "close")
            await client.send(get("/smuggled"))
            assert await client.read_to_end() == b""

    run(main())
    assert caught == [code, code]


def test_the_body_of_a_request_that_is_over_cannot_be_read(run) -> None:
    kept: list[Any] = []

    async def handler(request: Request, client: Any) -> None:
        if kept:
            with pytest.raises(RuntimeError):
                await anext(kept[0].chunks())
        elif request.incoming is not None:
            await request.incoming.read()
            kept.append(request.incoming)
        client.send(Response(200))

    async def main() -> None:
        async with serving(handler) as served, await served.connect() as client:
            sent = post(b"body")
            await client.send(sent, [len(sent) - 2])
            await client.answer()
            await client.send(sent, [len(sent) - 2])
            await client.answer()

    run(main())
    assert kept


def test_a_large_body_is_gathered_whole(run) -> None:
    """More than is held of what nobody asked for, cut anywhere, and another request right behind it."""
    body = b"0123456789abcdef" * 20_000

    async def main() -> None:
        async with serving(echo) as served, await served.connect() as client:
            sent = post(body) + get("/next")
            await client.send(sent, random_cuts(sent, 5))
            assert (await client.answer()).body == b"POST / " + body
            assert (await client.answer()).body == b"GET /next "

    run(main())
