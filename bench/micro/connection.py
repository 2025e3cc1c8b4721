"""A request on a kept connection: read, handed over, answered whole, and the next one waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from bench.micro.hand import HandLoop, Nowhere
from bench.micro.scene import ANSWER_BODY, BODY, REQUEST, report
from engine.observe.metrics import Figures
from engine.server.connection import Connection
from engine.server.door import Door
from engine.settings import Server
from engine.web import Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.faults import Fault
    from engine.ports import Client
    from engine.web import Request

BUDGET = 8.4


async def _answer(request: Request, client: Client) -> None:
    assert request.body == BODY
    client.send(Response(200, [(b"content-type", b"application/json"), (b"x-request-id", b"req-1")], ANSWER_BODY))


def _refuse(fault: Fault, path: str) -> Response:
    raise fault


def operation() -> Callable[[], object]:
    loop, transport = HandLoop(), Nowhere()
    connection = Connection(Door(_answer, _refuse, Server(), Figures(), report), loop.face, True, False)
    connection.connection_made(transport)
    loop.turn()

    def serve() -> None:
        connection.data_received(REQUEST)
        loop.turn()

    serve()
    assert cast("bytes", transport.last).endswith(ANSWER_BODY)
    assert connection.idle
    return serve
