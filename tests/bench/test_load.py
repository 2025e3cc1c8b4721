from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bench.caller import Caller
from bench.load import Run
from bench.work import Work

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
OPEN = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: x\n\n"


class FakeTransport:
    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closing = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def close(self) -> None:
        self.closing = True

    def is_closing(self) -> bool:
        return self.closing


class Loopless(Run):
    """A run whose connections are fakes, and which always counts."""

    def __init__(self, *, streamed: bool = False) -> None:
        super().__init__("127.0.0.1", 1, Work("any", (b"one", b"two"), streamed))
        self._counting = True
        self.made: list[Caller] = []

    async def _connect(self) -> Caller:
        caller = Caller(self)
        transport: Any = FakeTransport()
        caller.connection_made(transport)
        self._callers.append(caller)
        self.made.append(caller)
        return caller


def begun(*, streamed: bool = False) -> tuple[Loopless, Caller]:
    run = Loopless(streamed=streamed)
    caller = asyncio.run(run._connect())
    caller.ask(0.0)
    return run, caller


def asked(caller: Caller) -> int:
    transport: Any = caller.transport
    return len(transport.written)


def test_a_whole_answer_is_counted_and_the_next_request_follows() -> None:
    run, caller = begun()
    caller.data_received(WHOLE)
    assert (run.sample.requests, run.sample.errors, asked(caller)) == (1, 0, 2)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
def test_an_answer_that_is_not_200_is_one_error(answer: bytes) -> None:
    run, caller = begun()
    caller.data_received(answer)
    assert (run.sample.requests, run.sample.errors) == (1, 1)


def test_a_stream_without_an_event_is_an_error() -> None:
    run, caller = begun(streamed=True)
    caller.data_received(WHOLE)
    assert run.sample.errors == 1


def test_a_stream_that_the_end_of_the_connection_ends_is_whole_and_another_connection_goes_on() -> None:
    run, caller = begun(streamed=True)

    async def lose() -> None:
        caller.data_received(OPEN)
        caller.connection_lost(None)
        await asyncio.gather(*run._reopening)

    asyncio.run(lose())
    assert (run.sample.requests, run.sample.errors, run.sample.events) == (1, 0, 1)
    assert [asked(made) for made in run.made] == [1, 1]


def test_a_server_that_closes_after_each_answer_makes_no_errors() -> None:
    run, caller = begun()

    async def close() -> None:
        caller.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        caller.connection_lost(None)
        await asyncio.gather(*run._reopening)

    asyncio.run(close())
    assert (run.sample.requests, run.sample.errors) == (1, 0)
    assert [asked(made) for made in run.made] == [1, 1]


def test_a_connection_that_is_lost_amid_an_answer_is_an_error() -> None:
    run, caller = begun()

    async def lose() -> None:
        caller.data_received(WHOLE[:-1])
        caller.connection_lost(ConnectionResetError())
        await asyncio.gather(*run._reopening)

    asyncio.run(lose())
    assert (run.sample.requests, run.sample.errors) == (0, 1)
    assert len(run.made) == 2
