"""A stream of 50 events poured through a pipe that changes nothing, each its own write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.micro.hand import HandLoop, Nowhere
from bench.micro.scene import Reply, chat_events, report
from engine.server.flow import Flow
from engine.web import Streamed

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.faults import Fault

BUDGET = 23.0


class Plain:
    """Implements ports.Pipe."""

    def feed(self, chunk: bytes) -> bytes:
        return chunk

    def finish(self) -> bytes:
        return b""

    def fail(self, fault: Fault) -> bytes:
        raise fault


def operation() -> Callable[[], object]:
    loop, transport, streamed = HandLoop(), Nowhere(), Streamed(Reply(*chat_events()), Plain())

    def wrote(size: int) -> None: ...

    def pour() -> Flow:
        flow = Flow(streamed, transport.write, wrote, True, report)
        loop.finish(flow.run())
        return flow

    assert pour().whole
    assert transport.last == b"0\r\n\r\n"
    return pour
