"""engine/server/flow.py: a source poured through a pipe."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from engine.faults import Fault
from engine.server.flow import Flow
from engine.web import Streamed
from engine.wire.chunked import LAST_CHUNK
from tests.tools.raw import turns
from tests.tools.serving import Plain, Tap


class Loud(Plain):
    """Doubles what it is fed, and ends with a word of its own; chokes on `bad`."""

    def __init__(self, exc: Exception | None = None, words: bytes = b"!") -> None:
        super().__init__(words)
        self.exc = exc

    def feed(self, chunk: bytes) -> bytes:
        if self.exc and chunk == b"bad":
            raise self.exc
        return chunk * 2

    def finish(self) -> bytes:
        return b"bye"


class Played:
    """A source that has all its pieces at once, and writes them in the task that pours."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = pieces
        self.closed = 0

    async def pour(self, write: Callable[[bytes], None]) -> None:
        for piece in self.pieces:
            write(piece)

    def close(self) -> None:
        self.closed += 1


class Poured:
    """A flow and all that came of it."""

    def __init__(self, source: Any, pipe: Any, chunked: bool = False) -> None:
        self.out: list[bytes] = []
        self.sizes: list[int] = []
        self.reported: list[BaseException] = []
        self.flow = Flow(Streamed(source, pipe), self.out.append, self.sizes.append, chunked, self.reported.append)

    def begin(self) -> asyncio.Task[Fault | None]:
        return asyncio.ensure_future(self.flow.run())


def test_pieces_go_out_in_the_turn_in_which_they_come() -> None:
    async def main() -> None:
        tap = Tap()
        poured = Poured(tap, Loud())
        running = poured.begin()
        await turns()
        tap.push(b"a")
        assert poured.out == [b"aa"]
        tap.end()
        assert await running is None
        assert (poured.out, poured.sizes, poured.flow.whole) == ([b"aa", b"bye"], [2, 3], True)
        assert tap.calls == ["close"]

    asyncio.run(main())


def test_each_piece_is_one_chunk_and_the_last_words_go_with_the_end() -> None:
    poured = Poured(Played(b"a", b"", b"b" * 10), Loud(), chunked=True)
    assert asyncio.run(poured.flow.run()) is None
    assert poured.out == [b"2\r\naa\r\n", b"14\r\n" + b"b" * 20 + b"\r\n", b"3\r\nbye\r\n" + LAST_CHUNK]
    assert poured.sizes == [2, 20, 3]


def test_an_end_without_words_is_the_last_chunk_alone() -> None:
    poured = Poured(Played(b"a"), Plain(), chunked=True)
    asyncio.run(poured.flow.run())
    assert poured.out[-1] == LAST_CHUNK


def test_a_source_that_breaks_is_told_in_band_f06() -> None:
    async def main() -> None:
        tap = Tap()
        poured = Poured(tap, Plain(), chunked=True)
        running = poured.begin()
        await turns()
        tap.end(Fault("upstream_stalled"))
        fault = await running
        assert fault is not None
        assert fault.code == "upstream_stalled"
        assert poured.out == [b"11\r\n!upstream_stalled\r\n" + LAST_CHUNK]
        assert poured.flow.whole

    asyncio.run(main())


def test_a_stream_without_its_terminal_event_is_a_fault() -> None:
    poured = Poured(Played(b"a"), Plain(ends=False))
    fault = asyncio.run(poured.flow.run())
    assert fault is not None
    assert fault.code == "upstream_truncated"
    assert poured.out == [b"a", b"!upstream_truncated"]


def test_a_fault_without_words_leaves_the_end_off_f07() -> None:
    poured = Poured(Played(b"a"), Plain(words=b"", ends=False), chunked=True)
    assert asyncio.run(poured.flow.run())
    assert (poured.out, poured.flow.whole) == ([b"1\r\na\r\n"], False)


@pytest.mark.parametrize("exc", [Fault("upstream_bad_body"), KeyError("ours")])
def test_a_pipe_that_chokes_ends_the_stream_whoever_pushed_the_piece(exc: Exception) -> None:
    code = exc.code if isinstance(exc, Fault) else "internal"

    def check(poured: Poured, fault: Fault | None) -> None:
        assert fault is not None
        assert fault.code == code
        assert poured.out == [b"aa", b"!" + code.encode()]
        assert poured.reported == ([] if isinstance(exc, Fault) else [exc])

    async def pushed_by_another() -> None:
        tap = Tap()
        poured = Poured(tap, Loud(exc))
        running = poured.begin()
        await turns()
        for piece in (b"a", b"bad", b"after"):
            tap.push(piece)  # does not raise: the pusher is another connection
        check(poured, await running)
        assert tap.cancelled
        assert not running.cancelled()

    asyncio.run(pushed_by_another())
    mine = Poured(Played(b"a", b"bad", b"after"), Loud(exc))
    check(mine, asyncio.run(mine.flow.run()))


def test_a_pipe_whose_last_words_fail_is_reported() -> None:
    class Mute(Plain):
        def fail(self, fault: Fault) -> bytes:
            raise ValueError

    poured = Poured(Played(b"a"), Mute(ends=False))
    fault = asyncio.run(poured.flow.run())
    assert fault is not None
    assert fault.code == "upstream_truncated"
    assert (len(poured.reported), poured.flow.whole) == (1, False)


@pytest.mark.parametrize("choked", [False, True])
def test_cancelling_is_not_taken_for_a_fault_f30(choked: bool) -> None:
    async def main() -> None:
        tap = Tap()
        poured = Poured(tap, Loud(Fault("upstream_bad_body")))
        running = poured.begin()
        await turns()
        if choked:
            tap.push(b"bad")
        running.cancel("client_gone")
        with pytest.raises(asyncio.CancelledError):
            await running
        assert tap.cancelled
        assert tap.calls == ["close"]
        assert poured.out == []

    asyncio.run(main())
