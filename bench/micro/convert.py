"""One whole answer turned round, and a stream of 10 events begun, passed on and ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.micro.scene import ANSWER_BODY, Reply, answer_pairs, asked, chat_events, deed, exchange
from engine.formats import FORMATS
from engine.stages.whole import Whole
from engine.web import Headers

if TYPE_CHECKING:
    from collections.abc import Callable

BUDGET = 38.0


def operation() -> Callable[[], object]:
    convert, call, pairs = deed("convert"), exchange(), answer_pairs()
    heard = FORMATS["openai_chat"].read_reply(ANSWER_BODY)
    events = chat_events(10)
    call.chat = asked()

    def turn_round() -> None:
        call.reply = Whole(200, Headers(pairs), ANSWER_BODY, heard)
        convert(call)
        call.reply = Reply(*events)
        convert(call)
        assert call.answer is not None
        assert call.answer.stream is not None
        pipe = call.answer.stream.pipe
        for event in events:
            pipe.feed(event)
        pipe.finish()

    turn_round()
    assert call.usage == heard.usage
    return turn_round
