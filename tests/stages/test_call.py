from __future__ import annotations

from engine.strategies.strategy import once
from tests.tools.step import STAGES, World, ask, flaws, reply, stage


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


def test_units_are_read() -> None:
    part = stage("call: {timeout: 5m, retries: 3, backoff: 250ms, limit: 1MiB}")
    assert (part.timeout, part.retries, part.backoff, part.limit) == (300.0, 3, 0.25, 2**20)  # type: ignore[attr-defined]
    assert STAGES["call"].reads == {"chat", "plan"}
