"""Two requests on a kept connection to a provider: a whole answer, and a stream of 10 events, each in its own piece."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.micro.hand import HandLoop
from bench.micro.scene import (
    ANSWER_BODY,
    ANSWER_HEAD,
    LIMIT,
    STREAM_HEAD,
    asked,
    chat_events,
    chunked,
    program,
    request,
    targets,
)
from engine.formats import FORMATS
from engine.ports import Patience
from engine.providers.outgoing import outgoing
from engine.upstream.pool import PoolTransport

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.upstream.reply import PooledReply

BUDGET = 85.0

_DAY = 86400.0  # seconds


def operation() -> Callable[[], object]:
    loop, pool = HandLoop(), PoolTransport(program().providers["upstream"])
    sending = outgoing(targets()[0], asked(), request(), FORMATS["openai_chat"])
    patience = Patience(5.0, 180.0, 60.0, loop.time() + _DAY)
    answer, chunks, pieces = ANSWER_HEAD + ANSWER_BODY, chunked(chat_events(10)), list[bytes]()

    dialling = loop.create_task(pool.send(sending, patience))
    loop.turn()
    connection = loop.dialled
    assert connection is not None
    connection.data_received(answer)
    loop.turn()
    dialling.result()

    def ask(head: bytes) -> PooledReply:
        asking = pool.send(sending, patience)
        loop.begin(asking)
        connection.data_received(head)
        return loop.finish(asking)

    def ask_twice() -> bytes:
        whole = loop.finish(ask(answer).read(LIMIT))
        pouring = ask(STREAM_HEAD).pour(pieces.append)
        loop.begin(pouring)
        for chunk in chunks:
            connection.data_received(chunk)
        loop.finish(pouring)
        pieces.clear()
        return whole

    assert ask_twice() == ANSWER_BODY
    assert loop.dialled is connection
    return ask_twice
