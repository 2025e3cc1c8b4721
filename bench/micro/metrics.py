"""The figures of one request and its attempt."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bench.micro.scene import asked, exchange, program, targets
from engine.chat import Usage
from engine.observe.metrics import Figures
from engine.web import Response

if TYPE_CHECKING:
    from collections.abc import Callable

BUDGET = 1.4


def operation() -> Callable[[], object]:
    figures, call, target = Figures(), exchange(), targets()[0]
    figures.learn(program())
    call.chat, call.target, call.status, call.answer = asked(), target, 200, Response(200)
    call.usage = Usage(9, 12, 4, 2)
    call.ended = time.monotonic()

    def count() -> None:
        figures.began(call)
        figures.attempt(target, "ok")
        figures.finished(call)

    count()
    assert b"engine_tokens" in figures.expose()
    return count
