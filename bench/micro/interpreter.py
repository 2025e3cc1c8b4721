"""A whole request through the plain table, from its head to its log row; the provider answers at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.micro.hand import finish
from bench.micro.scene import ANSWER_BODY, program, report, request, services
from engine.runtime.interpreter import Interpreter

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.faults import Fault
    from engine.web import Response

BUDGET = 41.0


class Client:
    """Implements ports.Client: takes the answer and keeps it."""

    answer: Response

    def send(self, response: Response) -> None:
        self.answer = response

    async def stream(self, response: Response, wrote: Callable[[int], None]) -> Fault | None:
        raise RuntimeError("no stream was asked for")


def operation() -> Callable[[], object]:
    interpreter, client = Interpreter(program(), services(), report), Client()

    def serve() -> None:
        finish(interpreter.handle(request(), client))

    serve()
    assert (client.answer.status, client.answer.body) == (200, ANSWER_BODY)
    return serve
