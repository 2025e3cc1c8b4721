"""What streams pass through; test_convert.py shows the same as the client sees it."""

from __future__ import annotations

import pytest

from engine.chat import Usage
from engine.exchange import Exchange
from engine.faults import Fault
from engine.formats import FORMATS
from engine.formats.error_writer import ErrorWriter
from engine.settings import Errors
from engine.stages.piping import Converted, Untouched
from tests.tools.step import World

CHAT = FORMATS["openai_chat"]
FIRST = b'data: {"id":"c","model":"m-2024","choices":[{"index":0,"delta":{"content":"hi"}}]}\n\n'
LAST = (
    b'data: {"id":"c","model":"m-2024","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":7,"completion_tokens":3}}\n\ndata: [DONE]\n\n'
)


def untouched(said: Errors | None = None) -> tuple[Exchange, Untouched]:
    exchange = World().exchange()
    return exchange, Untouched(CHAT, exchange, ErrorWriter(CHAT, said))


def test_what_passes_is_heard() -> None:
    exchange, pipe = untouched()
    assert pipe.feed(FIRST) is FIRST
    assert pipe.feed(LAST) is LAST
    assert (pipe.finish(), exchange.usage, exchange.notes["model_served"]) == (b"", Usage(7, 3), "m-2024")


def test_a_break_is_told_in_the_tables_words() -> None:
    """F-06, F-07"""
    _, pipe = untouched(Errors(style="taxonomy", say={"upstream": "gone"}))
    pipe.feed(FIRST)
    with pytest.raises(Fault, match="upstream_truncated"):
        pipe.finish()
    assert pipe.fail(Fault("upstream_truncated")) == b'data: {"error":{"type":"external_error","message":"gone"}}\n\n'


class Breaking:
    """A conversion that fails where the test wants it."""

    usage, served = Usage(1, 2), "m"

    def feed(self, chunk: bytes) -> bytes:
        if chunk == b"break":
            raise Fault("upstream_error")
        return chunk.upper()

    def finish(self) -> bytes:
        return b"end"

    def fail(self, fault: Fault) -> bytes:
        return fault.code.encode()


def test_what_a_conversion_tells_is_noted_also_when_it_breaks() -> None:
    exchange = World().exchange()
    pipe = Converted(Breaking(), exchange)  # type: ignore[arg-type]
    with pytest.raises(Fault):
        pipe.feed(b"break")
    assert (exchange.usage, exchange.notes["model_served"]) == (Usage(1, 2), "m")
    assert (pipe.feed(b"a"), pipe.finish(), pipe.fail(Fault("upstream_reset"))) == (b"A", b"end", b"upstream_reset")
