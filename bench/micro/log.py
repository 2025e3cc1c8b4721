"""The row of one request made, encoded and laid into a piece; what writes the pieces is not part of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from bench.micro.scene import asked, exchange, targets
from engine.chat import Usage
from engine.exchange import Caller, Try
from engine.observe.request_log import RequestLog
from engine.stages.log import row_of
from engine.web import Response

if TYPE_CHECKING:
    from collections.abc import Callable

BUDGET = 4.8
WALL = 1_700_000_000.0


class Kept(RequestLog):
    """One whose thread writes nothing; `last` is the last piece that was full."""

    last = b""

    def _run(self) -> None: ...

    def take(self) -> None:
        if self._pieces:
            self.last = self._next_piece()


def operation() -> Callable[[], object]:
    log, call, target = Kept(-1), exchange(), targets()[0]
    call.chat, call.caller, call.target, call.status, call.answer = asked(), Caller("key-01234567"), target, 200, Response(200)
    call.tries, call.usage, call.notes = [Try(target, 0.0, 0.1, "", 200)], Usage(9, 12, 4, 2), {"model_served": "gpt-4o-2024"}
    call.upstream_seconds, call.first_byte, call.ended, call.bytes_out = 0.1, call.began + 0.1, call.began + 0.11, 600

    def tell() -> None:
        log.write(row_of(call, WALL, call.ended))
        log.take()

    for _ in range(20):
        tell()
    assert orjson.loads(log.last.splitlines()[-1])["tokens"]["output"] == 12
    return tell
