"""F-10 to F-16, F-30: what `call` makes of what providers do, played with a clock and dice of the test's own."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from engine.faults import TABLE, Fault
from engine.secret import Secret
from engine.stages.select import members_of
from engine.strategies.strategy import once
from engine.targets import Ask, Outcome, Plan, Race
from tests.tools.play import bound, program, provider
from tests.tools.step import CHAT, HANG, JSON, World, ask, reply, stream, targets

CALL = "call: {retries: 2, backoff: 1s, backoff_cap: 8s}"


def codes(exchange) -> list[tuple[str, str]]:  # type: ignore[no-untyped-def]
    return [(one.target.name, one.code) for one in exchange.tries]


def failing(world: World, plan: Plan, words: str = CALL, **more) -> tuple[Fault, list[tuple[str, str]]]:  # type: ignore[no-untyped-def]
    exchange = world.chat(plan=plan, **more)
    with pytest.raises(Fault) as caught:
        world.step(words, exchange)
    assert world.binding.shared["retries"].active == 0
    assert world.binding.shared["retries"].retrying == 0
    return caught.value, codes(exchange)


def answering(world: World, plan: Plan, words: str = CALL, **more):  # type: ignore[no-untyped-def]
    return world.step(words, world.chat(plan=plan, **more))


# -- one answer --------------------------------------------------------------------------------------------------------------


def test_the_first_answer_is_the_answer() -> None:
    best = reply()
    world = World([best])
    exchange = answering(world, once(ask("a", "a#2")))
    assert exchange.reply.body == CHAT
    assert exchange.reply.heard.served == "m-2024"
    assert exchange.target.name == "a"
    assert codes(exchange) == [("a", "")]
    assert world.meter.attempts == [("a", "ok")]
    assert best.closed, "read to its end: closing gives the connection back"


def test_a_stream_is_left_as_it_comes() -> None:
    flowing = stream(b"data: {}\n\n")
    exchange = answering(World([flowing]), once(ask("a")), streaming=True)
    assert exchange.reply is flowing
    assert not flowing.was_read
    assert not flowing.closed


def test_who_asked_for_a_stream_and_gets_json_gets_it_whole() -> None:
    exchange = answering(World([reply()]), once(ask("a")), streaming=True)
    assert exchange.reply.body == CHAT


def test_an_empty_plan_has_nobody_to_ask() -> None:
    def nothing() -> Plan:
        return
        yield ask("a")

    fault, _ = failing(World(), nothing())
    assert fault.code == "no_upstream"


BAD_BODIES = {
    "empty": (JSON, b""),
    "html": (((b"content-type", b"text/html"),), b"<html>busy</html>"),
    "html called json": (JSON, b"<html>busy</html>"),
    "cut off": (JSON, CHAT[:-10]),
    "not an object": (JSON, b'"hello"'),
    "not this format": (JSON, b'{"hello": 1}'),
    "a stream that nobody asked for": (((b"content-type", b"text/event-stream"),), b"data: {}\n\n"),
}


@pytest.mark.parametrize(("headers", "body"), BAD_BODIES.values(), ids=list(BAD_BODIES))
def test_a_good_status_with_a_bad_body_is_no_answer(headers, body: bytes) -> None:  # type: ignore[no-untyped-def]
    """F-10"""
    bad = reply(200, body, headers)
    fault, tries = failing(World([bad]), once(ask("a")))
    assert (fault.code, fault.status) == ("upstream_bad_body", 502)
    assert tries == [("a", "upstream_bad_body")]
    assert bad.closed


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"error":{"type":"overloaded_error"}}', "upstream_overloaded"),
        (b'{"error":{"code":429,"message":"x"}}', "upstream_rate_limit"),
        (b'{"error":{"message":"x"}}', "upstream_error"),
    ],
)
def test_an_error_with_a_good_status_is_an_error(body: bytes, code: str) -> None:
    """F-11: so another provider can still be asked."""
    fault, _ = failing(World([reply(200, body)] * 3), once(ask("a")))
    assert fault.code == code


OVERLOADED = b'data: {"error":{"type":"overloaded_error","message":"sk-a-secret-0"}}\n\n'


def test_a_stream_that_begins_with_an_error_is_not_begun() -> None:
    """F-11: another attempt is made, another member is asked."""
    begun = stream(OVERLOADED, b"data: {}\n\n")
    exchange = answering(World([begun, stream(b"data: {}\n\n")]), once(ask("a")), streaming=True)
    assert codes(exchange) == [("a", "upstream_overloaded"), ("a", "")]
    assert begun.closed
    members = bound(
        program([provider("a"), provider("b")], pools={"p": {"strategy": "fallback", "of": ["a", "b"]}}), lambda: 0.0
    )
    world = World({"a": [stream(OVERLOADED)], "b": [stream(b": x\n\n", b"data: {}\n\n")]})
    exchange = answering(world, members["p"].plan(""), "call: {retries: 0}", streaming=True)
    assert codes(exchange) == [("a", "upstream_overloaded"), ("b", "")]


def test_a_stream_that_breaks_before_its_first_event_may_fall_back() -> None:
    """F-07, F-10"""
    for broken, code in (
        (stream(b": x\n\n", fault=Fault("upstream_stalled")), "upstream_stalled"),
        (stream(), "upstream_bad_body"),
        (stream(b"<html>"), "upstream_bad_body"),
        (stream(b'{"error":{"code":429}}'), "upstream_rate_limit"),
    ):
        fault, _ = failing(World([broken]), once(ask("a")), "call: {retries: 0}", streaming=True)
        assert fault.code == code
        assert broken.closed


def test_an_error_that_quotes_our_key_does_not() -> None:
    """F-15"""
    key = "sk-quoted-0123456789"
    leaf = replace(targets("a")[0], credential=Secret(key))
    words = b'{"error":{"type":"invalid_request_error","message":"bad key %b"}}' % key.encode()
    for answer, streaming in ((reply(200, words), False), (stream(b"data: %b\n\n" % words), True)):
        fault, _ = failing(World([answer]), once(Ask((leaf,))), streaming=streaming)
        assert (fault.code, fault.detail) == ("upstream_refused", "bad key ***")


def test_who_is_at_its_limit_is_left_alone_by_later_requests() -> None:
    """F-13: the next request begins with the other key, until the time is over."""
    made = program([provider("a", keys=2)])
    world = World([reply(429, headers=[(b"retry-after", b"9")]), *[reply() for _ in range(6)]], made)
    members = members_of(world.binding)
    deed = world.bind(CALL)

    def keys() -> list[str]:
        exchange = world.chat(plan=members["a"].plan("", "m"))
        asyncio.run(deed(exchange))  # type: ignore[arg-type]
        return [name for name, _ in codes(exchange)]

    assert keys() == ["a", "a#2"]
    assert world.meter.counts["upstream_cooldowns"] == 1
    assert [keys() for _ in range(3)] == [["a#2"]] * 3
    world.now += 9.0
    assert sorted(keys() + keys()) == ["a", "a#2"]


def test_a_stale_connection_costs_no_budget() -> None:
    """F-21: the retry comes at once, and is not one of those that a failing provider gets."""
    stale = Fault("upstream_reset")
    stale.stale = True
    world = World([stale, reply()])
    deed = world.bind(CALL)
    budget = world.binding.shared["retries"]
    budget.active, budget.retrying = 4, 3
    exchange = world.chat(plan=once(ask("a")))
    asyncio.run(deed(exchange))  # type: ignore[arg-type]
    assert codes(exchange) == [("a", "upstream_reset"), ("a", "")]
    assert world.waits == []
    assert (budget.active, budget.retrying) == (4, 3)


REFUSAL = b'{"error":{"message":"max_tokens is too large","type":"invalid_request_error"}}'


@pytest.mark.parametrize("status", [400, 404, 413, 422])
def test_what_a_provider_says_of_the_request_is_passed_on_untouched(status: int) -> None:
    world = World([reply(status, REFUSAL)])
    exchange = answering(world, once(ask("a", "a#2")))
    assert (exchange.reply.status, exchange.reply.body) == (status, REFUSAL)
    assert codes(exchange) == [("a", "upstream_refused")]
    assert world.meter.attempts == [("a", "upstream_refused")]


def test_a_refused_stream_is_passed_on_too() -> None:
    assert answering(World([reply(400, REFUSAL)]), once(ask("a")), streaming=True).reply.body == REFUSAL


def test_a_page_of_something_in_between_is_not_the_providers_word() -> None:
    fault, _ = failing(World([reply(404, b"<html>", ((b"content-type", b"text/html"),))]), once(ask("a")))
    assert (fault.code, fault.status) == ("upstream_refused", 404)


@pytest.mark.parametrize(
    ("status", "code", "shown"),
    [(302, "upstream_redirect", 502), (401, "upstream_auth", 502), (403, "upstream_auth", 502)],
)
def test_what_no_second_attempt_could_change_is_not_sent_again(status: int, code: str, shown: int) -> None:
    """F-15, F-16"""
    gone = reply(status, b"Incorrect API key provided: sk-a-0", ((b"location", b"http://127.0.0.1:1/"),))
    world = World([gone])
    fault, tries = failing(world, once(ask("a")))
    assert (fault.code, fault.status, tries) == (code, shown, [("a", code)])
    assert "sk-" not in fault.message
    assert len(world.transport.sent) == 1
    assert gone.closed


def test_an_answer_beyond_the_limit() -> None:
    """F-25"""
    fault, _ = failing(World([reply(body=CHAT)]), once(ask("a")), "call: {limit: 10B}")
    assert fault.code == "upstream_too_large"


def test_a_body_that_breaks_before_anything_was_handed_on_may_fall_back() -> None:
    """F-07"""
    members = bound(
        program([provider("a"), provider("b")], pools={"p": {"strategy": "fallback", "of": ["a", "b"]}}), lambda: 0.0
    )
    world = World({"a": [reply(fault=Fault("upstream_truncated"))], "b": [reply()]})
    exchange = answering(world, members["p"].plan(""))
    assert codes(exchange) == [("a", "upstream_truncated"), ("b", "")]


# -- again -------------------------------------------------------------------------------------------------------------------


def test_a_server_error_is_tried_again_after_a_wait() -> None:
    """F-14: full jitter; dice at one half."""
    world = World([reply(500), Fault("upstream_connect"), reply()])
    exchange = answering(world, once(ask("a")))
    assert codes(exchange) == [("a", "upstream_error"), ("a", "upstream_connect"), ("a", "")]
    assert world.waits == [0.5, 1.0]


def test_attempts_end() -> None:
    world = World([reply(503)] * 9)
    fault, tries = failing(world, once(ask("a")))
    assert fault.code == "upstream_overloaded"
    assert len(tries) == 3


def test_no_retries_means_one_attempt() -> None:
    _, tries = failing(World([reply(503)] * 9), once(ask("a", "a#2")), "call: {retries: 0}")
    assert len(tries) == 1


@pytest.mark.parametrize("code", [code for code in TABLE if code.startswith("upstream_")])
def test_only_what_a_retry_can_help_is_tried_again(code: str) -> None:
    _, tries = failing(World([Fault(code)] * 9), once(ask("a")))
    assert len(tries) == (3 if TABLE[code].retryable else 1)


def test_a_key_at_its_limit_gives_way_to_the_next_at_once() -> None:
    """F-13: no immediate retry on the same key."""
    world = World([reply(429, headers=[(b"retry-after", b"3")]), reply()])
    exchange = answering(world, once(ask("a", "a#2")))
    assert codes(exchange) == [("a", "upstream_rate_limit"), ("a#2", "")]
    assert world.waits == []


def test_when_all_keys_are_at_their_limit_the_hint_is_waited_for() -> None:
    """F-13"""
    limited = [reply(429, headers=[(b"retry-after", b"3")]) for _ in range(2)]
    world = World([*limited, reply()])
    exchange = answering(world, once(ask("a", "a#2")))
    assert [name for name, _ in codes(exchange)] == ["a", "a#2", "a"]
    assert world.waits == [3.0]


@pytest.mark.parametrize(("hint", "told"), [("9", 9.0), ("99999", 3600.0)])
def test_a_hint_beyond_the_cap_ends_it_and_is_passed_on(hint: str, told: float) -> None:
    """F-13"""
    world = World([reply(429, headers=[(b"retry-after", hint.encode())]), reply()])
    fault, _ = failing(world, once(ask("a")))
    assert (fault.code, fault.status, fault.retry_after) == ("upstream_rate_limit", 429, told)
    assert world.waits == []


def test_a_refused_key_is_not_tried_again_but_the_next_one_is() -> None:
    """F-15"""
    world = World([reply(401), reply(500), reply()])
    exchange = answering(world, once(ask("a", "a#2")))
    assert codes(exchange) == [("a", "upstream_auth"), ("a#2", "upstream_error"), ("a#2", "")]
    fault, tries = failing(World([reply(401)] * 9), once(ask("a", "a#2")), "call: {retries: 9}")
    assert (fault.code, len(tries)) == ("upstream_auth", 2)


def test_the_pause_before_a_retry_is_not_begun_when_it_would_end_too_late() -> None:
    fault, tries = failing(World([reply(503)] * 9), once(ask("a")), "call: {timeout: 2s, backoff: 8s}")
    assert (fault.code, len(tries)) == ("upstream_overloaded", 1)


def test_retries_add_up_over_a_plan_and_never_multiply() -> None:
    """field.md 1.4: three members and two retries are at most five attempts."""
    members = bound(
        program([provider(n) for n in "abc"], pools={"p": {"strategy": "fallback", "of": ["a", "b", "c"]}}), lambda: 0.0
    )
    _, tries = failing(World([reply(500)] * 99), members["p"].plan(""))
    assert [name for name, _ in tries] == ["a", "a", "a", "b", "c"]


def test_the_budget_holds_retries_back() -> None:
    """F-14"""
    world = World([reply(503)] * 9)
    deed = world.bind(CALL)
    budget = world.binding.shared["retries"]
    budget.active, budget.retrying = 4, 3
    exchange = world.chat(plan=once(ask("a")))
    with pytest.raises(Fault):
        asyncio.run(deed(exchange))
    assert len(exchange.tries) == 1
    assert (budget.active, budget.retrying) == (4, 3)


def test_a_small_error_body_is_read_to_keep_its_connection_and_a_large_one_is_not() -> None:
    small = reply(500, b"x" * 100, [(b"content-length", b"100")])
    large = reply(500, b"x" * 99_999, [(b"content-length", b"99999")])
    endless = reply(500, b"x" * 100, [(b"transfer-encoding", b"chunked")])
    broken = reply(500, b"", [(b"content-length", b"100")], fault=Fault("upstream_truncated"))
    fault, _ = failing(World([small, large, endless, broken]), once(ask("a")), "call: {retries: 3}")
    assert fault.code == "upstream_error"
    assert [one.was_read for one in (small, large, endless, broken)] == [True, False, False, True]
    assert all(one.closed for one in (small, large, endless, broken))


# -- clocks, records, mistakes -----------------------------------------------------------------------------------------------


def test_every_attempt_has_the_same_end() -> None:
    world = World([reply(503), reply()])
    answering(world, once(ask("a")), "call: {timeout: 60s, connect: 1s, first_byte: 2s, idle: 3s, backoff: 1s}")
    patience = world.transport.patience
    assert [p.until for p in patience] == [160.0, 160.0]
    assert (patience[0].connect, patience[0].first_byte, patience[0].idle) == (1.0, 2.0, 3.0)


def test_time_at_providers_is_summed_without_the_pauses() -> None:
    world = World([reply(503), reply()])
    real = world.transport.send

    async def slow(outgoing, patience):  # type: ignore[no-untyped-def]
        world.now += 2.0
        return await real(outgoing, patience)

    world.transport.send = slow  # type: ignore[method-assign]
    exchange = answering(world, once(ask("a")))
    assert world.waits == [0.5]
    assert exchange.upstream_seconds == 4.0
    assert [(one.began, one.ended, one.status) for one in exchange.tries] == [(100.0, 102.0, 503), (102.5, 104.5, 200)]


def test_another_format_is_asked_in_its_own_words_and_answers_in_the_clients() -> None:
    told = b'{"id":"msg_1","type":"message","role":"assistant","model":"theirs","content":[{"type":"text","text":"hi"}]}'
    world = World([reply(200, told)])
    exchange = world.chat(plan=once(Ask(targets("a", format="anthropic_messages"))))
    exchange.chat.document["messages"] = [{"role": "user", "content": "hi"}]
    world.step(CALL, exchange)
    assert b'"max_tokens":' in world.transport.sent[0].body
    assert b'"object":"chat.completion"' in exchange.reply.body
    assert codes(exchange) == [("a", "")]


def test_a_mistake_of_ours_goes_its_way_and_leaves_a_record() -> None:
    world = World([ZeroDivisionError()])
    exchange = world.chat(plan=once(ask("a")))
    with pytest.raises(ZeroDivisionError):
        world.step(CALL, exchange)
    assert codes(exchange) == [("a", "internal")]
    assert world.binding.shared["retries"].active == 0


def test_a_plan_is_told_of_its_success() -> None:
    told: list[Outcome] = []

    def plan() -> Plan:
        told.append((yield ask("a")))

    answering(World([reply()]), plan())
    assert told == [Outcome()]


# -- races and leaving -------------------------------------------------------------------------------------------------------


def test_a_race_takes_the_first_answer_and_drops_the_rest() -> None:
    world = World({"a": [HANG], "b": [reply()], "c": [HANG]})

    def plan() -> Plan:
        yield Race((ask("a"), ask("b"), ask("c")))

    exchange = answering(world, plan())
    assert exchange.target.name == "b"
    assert [world.transports[name].dropped for name in "abc"] == [1, 0, 1]
    assert sorted(codes(exchange)) == [("a", "cancelled"), ("b", ""), ("c", "cancelled")]


def test_a_lost_race_tells_the_plan_each_fault() -> None:
    told: list[Outcome] = []

    def plan() -> Plan:
        told.append((yield Race((ask("a"), ask("b")))))
        yield ask("c")

    world = World({"a": [reply(401)], "b": [reply(404, b"no")], "c": [reply()]})
    assert answering(world, plan(), "call: {retries: 0}").target.name == "c"
    assert [fault.code for fault in told[0].each] == ["upstream_auth", "upstream_refused"]


def test_a_race_that_takes_too_long_has_timed_out() -> None:
    def plan() -> Plan:
        yield Race((ask("a"), ask("b")), timeout=0.005)

    fault, _ = failing(World({"a": [HANG], "b": [HANG]}), plan())
    assert fault.code == "upstream_first_byte_timeout"


def leave(world: World, plan: Plan, turns: int = 3) -> list[tuple[str, str]]:
    """The client leaves after some turns of the loop."""
    exchange = world.chat(plan=plan)

    async def main() -> None:
        running = asyncio.ensure_future(world.bind(CALL)(exchange))  # type: ignore[arg-type]
        for _ in range(turns):
            await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())
    budget = world.binding.shared["retries"]
    assert (budget.active, budget.retrying) == (0, 0)
    return codes(exchange)


def test_a_client_who_leaves_while_a_provider_thinks() -> None:
    """F-30"""
    world = World([HANG])
    assert leave(world, once(ask("a"))) == [("a", "cancelled")]
    assert world.transport.dropped == 1
    assert world.meter.attempts == [("a", "cancelled")]


def test_a_client_who_leaves_during_a_race() -> None:
    """F-30"""

    def plan() -> Plan:
        yield Race((ask("a"), ask("b")))

    world = World({"a": [HANG], "b": [HANG]})
    assert sorted(leave(world, plan(), 4)) == [("a", "cancelled"), ("b", "cancelled")]
    assert [world.transports[name].dropped for name in "ab"] == [1, 1]


def test_a_client_who_leaves_while_a_retry_waits() -> None:
    """F-30: nothing is sent afterwards."""
    world = World([reply(503), reply()])

    async def wait_for_ever(seconds: float) -> None:
        await asyncio.Event().wait()

    world.on_sleep = wait_for_ever
    assert leave(world, once(ask("a")), 6) == [("a", "upstream_overloaded")]
    assert len(world.transport.sent) == 1


def test_a_client_who_leaves_while_a_body_arrives() -> None:
    """F-30"""
    slow = reply()

    async def read(limit: int) -> bytes:
        await asyncio.Event().wait()
        return b""

    slow.read = read  # type: ignore[method-assign]
    assert leave(World([slow]), once(ask("a")), 6) == [("a", "cancelled")]
    assert slow.closed
