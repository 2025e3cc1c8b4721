from __future__ import annotations

import asyncio
import time

import pytest

from engine.script import Script, Step
from engine.upstream.echo import EchoReply, EchoTransport
from engine.web import Headers
from tests.tools.calling import fault_of, outgoing, patience, run


def transport(**script: object) -> EchoTransport:
    return EchoTransport(lambda call: Script(200, ((b"x", b"y"),), **script))  # type: ignore[arg-type]


async def send(echo: EchoTransport, **clocks: float) -> EchoReply:
    return await echo.send(outgoing(443), patience(**clocks))


def steps(*pieces: bytes, delay: float = 0.0) -> list[Step]:
    return [Step(delay, piece) for piece in pieces]


def test_a_script_without_delays_never_waits_for_the_loop() -> None:
    async def main() -> None:
        got: list[bytes] = []
        echo = EchoTransport(lambda call: Script(201, (), steps=steps(call.body, b"b")))
        sending = echo.send(outgoing(443, b"a"), patience())
        with pytest.raises(StopIteration) as ended:
            sending.send(None)  # type: ignore[attr-defined]
        reply = ended.value.value
        with pytest.raises(StopIteration):
            reply.pour(got.append).send(None)
        assert (reply.status, got) == (201, [b"a", b"b"])

    run(main)


def test_read_and_its_limit() -> None:
    async def main() -> None:
        reply = await send(transport(steps=steps(b"abc", b"def")))
        assert (reply.headers, await reply.read(6)) == (Headers([(b"x", b"y")]), b"abcdef")
        assert await fault_of((await send(transport(steps=steps(b"abc", b"def")))).read(5)) == "upstream_too_large"

    run(main)


def test_delays_pass_in_real_time() -> None:
    async def main() -> None:
        began = time.monotonic()
        reply = await send(transport(delay=0.01, steps=steps(b"a", b"b", delay=0.01)))
        head = time.monotonic()
        assert await reply.read(10) == b"ab"
        assert head - began > 0.008
        assert time.monotonic() - head > 0.016

    run(main)


@pytest.mark.parametrize(
    ("script", "clocks", "code"),
    [
        ({"delay": 9.0}, {"first_byte": 0.01}, "upstream_first_byte_timeout"),
        ({"delay": 9.0}, {"whole": 0.01}, "upstream_timeout"),
        ({"steps": steps(b"a", delay=9.0)}, {"idle": 0.01}, "upstream_stalled"),
        ({"steps": steps(b"a", delay=9.0)}, {"whole": 0.01}, "upstream_timeout"),
        ({"ending": "stall"}, {"idle": 0.01}, "upstream_stalled"),
        ({"ending": "stall"}, {"whole": 0.01}, "upstream_timeout"),
        ({"ending": "cut"}, {}, "upstream_truncated"),
    ],
)
def test_how_an_answer_fails(script: dict[str, object], clocks: dict[str, float], code: str) -> None:
    async def main() -> None:
        async def all() -> bytes:
            return await (await send(transport(**script), **clocks)).read(100)

        assert await fault_of(all()) == code

    run(main)


def test_what_came_before_a_cut_is_poured() -> None:
    async def main() -> None:
        got: list[bytes] = []
        reply = await send(transport(steps=steps(b"a", b"b"), ending="cut"))
        assert await fault_of(reply.pour(got.append)) == "upstream_truncated"
        assert got == [b"a", b"b"]

    run(main)


def test_pause_holds_and_resume_goes_on() -> None:
    async def main() -> None:
        got: list[bytes] = []
        reply = await send(transport(steps=[*steps(b"a"), *steps(b"b", delay=0.01), *steps(b"c")]))

        def write(piece: bytes) -> None:
            got.append(piece)
            if piece == b"a":
                reply.pause()

        task = asyncio.create_task(reply.pour(write))
        await asyncio.sleep(0.02)
        assert got == [b"a"]
        reply.resume()
        await task
        assert got == [b"a", b"b", b"c"]

    run(main)


def test_resume_does_not_shorten_a_delay() -> None:
    async def main() -> None:
        reply = await send(transport(steps=steps(b"a", delay=0.02)))
        began = time.monotonic()
        task = asyncio.create_task(reply.read(10))
        await asyncio.sleep(0)
        reply.pause()
        reply.resume()
        assert await task == b"a"
        assert time.monotonic() - began > 0.017

    run(main)


def test_a_pause_does_not_outlast_all_patience() -> None:
    async def main() -> None:
        reply = await send(transport(steps=steps(b"a")), whole=0.01)
        reply.pause()
        assert await fault_of(reply.read(10)) == "upstream_timeout"

    run(main)


@pytest.mark.parametrize("paused", [True, False])
def test_close_and_cancel_end_it_wherever_it_waits(paused: bool) -> None:
    async def main() -> None:
        for end in ("close", "cancel"):
            reply = await send(transport(steps=steps(b"a", delay=0 if paused else 9.0)))
            if paused:
                reply.pause()
            task = asyncio.create_task(fault_of(reply.read(10)))
            await asyncio.sleep(0)
            if end == "close":
                reply.close()
                assert await task == "client_gone"
            else:
                task.cancel()
                await asyncio.wait([task])
                assert task.cancelled()

    run(main)


def test_peeking_waits_for_as_much_as_is_wanted_and_takes_nothing_away() -> None:
    """F-11"""

    async def main() -> None:
        got: list[bytes] = []
        reply = await send(transport(steps=[*steps(b"ab", b"cd"), Step(0.01, b"e")]))
        assert [await reply.peek(beyond) for beyond in (0, 1, 2, 4, 5, 9)] == [
            b"ab",
            b"ab",
            b"abcd",
            b"abcde",
            b"abcde",
            b"abcde",
        ]
        await reply.pour(got.append)
        assert got == [b"ab", b"cd", b"e"]
        cut = await send(transport(steps=steps(b"ab"), ending="cut"))
        assert await cut.peek(0) == b"ab"
        assert await fault_of(cut.peek(2)) == "upstream_truncated"

    run(main)
