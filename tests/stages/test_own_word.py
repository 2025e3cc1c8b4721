from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from engine.faults import Fault
from engine.secret import Secret
from engine.stages.own_word import OwnWord, own_word
from engine.strategies.strategy import once
from tests.tools.step import World, ask, reply, targets

(PLAIN,) = targets("a")
A = replace(PLAIN, credential=Secret("sk-secret"))
BODY = b'{"error":{"message":"no: sk-secret"}}'
FAULT = Fault("upstream_auth")


def word(status: int = 401, body: bytes = BODY, fault: Fault | None = None) -> OwnWord | None:
    return asyncio.run(own_word(reply(status, body, fault=fault), FAULT, A))


def test_it_is_kept_without_the_key() -> None:
    """F-15: some providers quote it."""
    kept = word()
    assert kept is not None
    assert (kept.reply.status, kept.reply.body) == (401, b'{"error":{"message":"no: ***"}}')
    assert (kept.fault, kept.target) == (FAULT, A)


@pytest.mark.parametrize(
    ("status", "body", "fault"), [(302, BODY, None), (500, b"<html>", None), (500, BODY, Fault("upstream_reset"))]
)
def test_what_is_no_word_of_the_providers(status: int, body: bytes, fault: Fault | None) -> None:
    assert word(status, body, fault) is None


PASS = "call: {retries: 1, backoff: 1ms, pass_errors: true}"


@pytest.mark.parametrize("status", [401, 429, 500, 503])
def test_the_client_is_shown_the_last_one(status: int) -> None:
    world = World([reply(500, b'{"error":"first"}'), reply(status, BODY)])
    exchange = world.step(PASS, world.chat(plan=once(ask("a"))))
    assert (exchange.reply.status, exchange.target.name) == (status, "a")
    assert [one.status for one in exchange.tries] == [500, status]


def test_an_error_with_a_good_status_gets_its_own() -> None:
    world = World([reply(200, b'{"error":{"type":"rate_limit_exceeded"}}')])
    exchange = world.step("call: {retries: 0, pass_errors: true}", world.chat(plan=once(ask("a"))))
    assert exchange.reply.status == 429


def test_what_is_no_error_document_is_a_fault_still() -> None:
    world = World([reply(500, BODY), reply(500, b"oops", headers=((b"content-type", b"text/html"),))])
    with pytest.raises(Fault, match="upstream_error"):
        world.step(PASS, world.chat(plan=once(ask("a"))))
