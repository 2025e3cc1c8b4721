from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.faults import Fault
from engine.strategies.strategy import once
from tests.tools.step import STAGES, World, ask, flaws, reply, stage, stream


def test_the_plan_is_carried_out_and_the_reply_handed_on() -> None:
    world = World([reply()])
    exchange = world.step("call", world.chat("gpt-4o", plan=once(ask("a"))))
    assert exchange.reply.status == 200
    assert exchange.target is not None
    assert exchange.target.name == "a"
    (sent,) = world.transport.sent
    assert (sent.method, sent.path) == ("POST", "/v1/chat/completions")
    assert sent.body is exchange.chat.body


def test_the_routes_of_a_program_share_one_retry_budget() -> None:
    world = World()
    world.bind("call")
    budget = world.binding.shared["retries"]
    world.route(name="another").bind("call: {retries: 1}")
    assert world.binding.shared["retries"] is budget


def test_no_clock_may_stand_at_nothing() -> None:
    assert flaws("call") == []
    assert flaws("call: {timeout: 0s, idle: 0ms}") == ["timeout", "idle"]
    assert flaws("call: {stream_timeout: 0s}") == ["stream_timeout"]


def test_a_providers_refusal_may_be_told_in_our_own_shape() -> None:
    """Its words and its status stay."""
    says = b'{"error":{"message":"max_tokens is too large","type":"invalid_request_error","param":null,"code":null}}'
    for words, own in (("call", False), ("call: {own_errors: true}", True)):
        world = World([reply(422, says)])
        exchange = world.chat("gpt-4o", plan=once(ask("a")))
        if not own:
            assert world.step(words, exchange).reply.status == 422
            continue
        with pytest.raises(Fault) as caught:
            world.step(words, exchange)
        assert (caught.value.code, caught.value.status) == ("upstream_refused", 422)
        assert "max_tokens is too large" in caught.value.message
    assert flaws("call: {own_errors: true, pass_errors: true}") == ["own_errors"]


def test_a_stream_may_take_longer_but_not_to_begin() -> None:
    """W-A12"""
    words = "call: {timeout: 60s, first_byte: 50s, stream_timeout: 1h, retries: 1, backoff: 1ms}"
    for streaming, until in ((False, 160.0), (True, 3700.0)):
        world = World([Fault("upstream_reset"), stream(b"data: [DONE]\n\n") if streaming else reply()])
        spent = iter((20.0,))

        async def waits(seconds: float, world: World = world, spent: Iterator[float] = spent) -> None:
            world.now += next(spent)

        world.on_sleep = waits
        world.step(words, world.chat("gpt-4o", streaming, plan=once(ask("a"))))
        one, two = world.transport.patience
        assert one is two
        assert two.until == until
        # 20 seconds are gone: of the 60 there are 40 left, which the end of all bounds where nothing is streamed.
        assert round(two.first_byte) == (40 if streaming else 50)


def test_no_other_attempt_is_made_when_it_is_too_late_to_begin() -> None:
    world = World([Fault("upstream_reset")], dice=0.999)
    words = "call: {timeout: 1s, stream_timeout: 1h, backoff: 4s}"
    with pytest.raises(Fault, match="upstream_reset"):
        world.step(words, world.chat("gpt-4o", True, plan=once(ask("a"))))
    assert world.waits == []


def test_units_are_read() -> None:
    part = stage("call: {timeout: 5m, retries: 3, backoff: 250ms, limit: 1MiB}")
    assert (part.timeout, part.retries, part.backoff, part.limit) == (300.0, 3, 0.25, 2**20)  # type: ignore[attr-defined]
    assert STAGES["call"].reads == {"chat", "plan"}
