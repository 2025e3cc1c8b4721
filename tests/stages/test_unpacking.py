from __future__ import annotations

import gzip

import pytest

from engine.faults import Fault
from engine.stages.unpacking import gunzipped
from engine.strategies.strategy import once
from tests.tools.step import CHAT, EVENTS, FakeReply, World, ask, reply

PACKED = ((b"content-type", b"application/json"), (b"content-encoding", b"gzip"))


def test_it_is_undone_within_the_limit() -> None:
    """F-17"""
    assert gunzipped(gzip.compress(b"hello"), 5) == b"hello"
    bomb = gzip.compress(b"\0" * 10_000_000)
    with pytest.raises(Fault, match="upstream_too_large"):
        gunzipped(bomb, 1_000_000)


@pytest.mark.parametrize("body", [b"{}", b"", gzip.compress(b"hello")[:-9], gzip.compress(b"hello") + b"x"])
def test_what_only_claims_to_be_gzip(body: bytes) -> None:
    with pytest.raises(Fault, match="upstream_encoding"):
        gunzipped(body, 100)


def called(answer: FakeReply, streaming: bool = False) -> bytes:
    world = World([answer])
    exchange = world.step("call: {retries: 0, pass_errors: true}", world.chat(plan=once(ask("a")), streaming=streaming))
    body: bytes = exchange.reply.body  # type: ignore[attr-defined]
    return body


def test_replies_and_errors() -> None:
    assert called(reply(200, gzip.compress(CHAT), PACKED)) == CHAT
    assert called(reply(401, gzip.compress(b'{"error":1}'), PACKED)) == b'{"error":1}'


def test_a_stream_is_refused() -> None:
    with pytest.raises(Fault, match="upstream_encoding"):
        called(FakeReply(200, (*EVENTS, PACKED[1]), [b"x"], None), streaming=True)
