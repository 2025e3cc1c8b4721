"""F-30: a client leaves, in every phase: the upstream hears of it at once, the log tells of it, and nothing stays behind."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import orjson
import pytest

from tests.tools.deployed import CHAT, Deployed, chat, deployed, run, until
from tests.tools.fake_upstream import Close, Send, Stall, Wait, chunk
from tests.tools.raw import Raw
from tests.tools.scripted import BEGUN, EVENTS, REPLY, Scripted, failure
from tests.tools.serving import get, post

TABLE = """
version: 1
server: {listen: "${LISTEN}"}
providers:
  up: {kind: openai, keys: ["${KEY}"], base_url: "${UP}", allow_private: true}
  other: {kind: openai, keys: ["${KEY}"], base_url: "${UP}", allow_private: true}
  narrow: {kind: openai, keys: ["${KEY}"], base_url: "${UP}", allow_private: true, connections: 1, wait: 20s}
  httpx: {kind: openai, keys: ["${KEY}"], base_url: "${UP}", allow_private: true, transport: httpx}
pools:
  both: {strategy: race, of: [up, other]}
  next: {strategy: fallback, of: [up, other]}
models:
  - {name: "narrow-*", provider: narrow}
  - {name: "httpx-*", provider: httpx}
  - {name: "race-*", provider: both}
  - {name: "next-*", provider: next}
default: {provider: up}
pipelines:
  chat: [decode, {select: {by: model}}, {call: {retries: 2}}, convert, log]
routes:
  - {match: "POST /v1/chat/completions", speaks: openai_chat, pipeline: chat, public: true}
  - {match: "GET /metrics", pipeline: [metrics]}
"""
# How fast an upstream must hear of it. It takes about a millisecond; a loaded machine gets more.
AT_ONCE = 1.0


@pytest.fixture(scope="module")
def provider() -> Iterator[Scripted]:
    with Scripted() as it:
        yield it


@pytest.fixture(scope="module")
def served(provider: Scripted) -> Iterator[Deployed]:
    with deployed(TABLE, UP=provider.base_url, KEY="sk-canary-0123456789") as it:
        yield it


class Visitor:
    """A client that asks one thing and can leave in several ways."""

    def __init__(self, served: Deployed, model: str, stream: bool) -> None:
        self.id = f"id-{model}-{time.monotonic_ns()}"
        data = post(orjson.dumps(chat(model, stream=stream)), CHAT, f"x-request-id: {self.id}")
        self.raw = run(Raw.open(served.address))
        self.raw.sock.setblocking(True)
        self.raw.sock.settimeout(10)
        self.raw.sock.sendall(data)

    def hears(self, mark: bytes) -> bytes:
        heard = b""
        while mark not in heard:
            piece = self.raw.sock.recv(65536)
            assert piece, heard
            heard += piece
        return heard

    def leave(self, how: str) -> float:
        """The moment of leaving."""
        left = time.monotonic()
        {"fin": self.raw.close, "rst": self.raw.reset, "half": self.raw.finish}[how]()
        return left


@contextmanager
def visitor(served: Deployed, model: str, stream: bool = True) -> Iterator[Visitor]:
    """At the end nothing of it is under way any more."""
    it = Visitor(served, model, stream)
    try:
        yield it
    finally:
        it.raw.close()
    until(lambda: served.active() == 0)


def check_row(served: Deployed, visitor: Visitor, status: int, attempts: int) -> None:
    row = served.row(visitor.id)
    assert row["error_type"] == "client_gone"
    assert (row["status_code"], row["attempts"]) == (status, attempts)
    assert row["level"] == "warning"


@pytest.mark.parametrize("how", ["fin", "rst", "half"])
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("kind", ["h11", "httpx"])
def test_while_the_upstreams_head_is_waited_for(
    served: Deployed, provider: Scripted, how: str, stream: bool, kind: str
) -> None:
    """F-30, F-31: a half-close counts as leaving. No retry follows."""
    model = provider.play(f"{kind}-head-{how}-{stream}", [Stall()])
    before = served.figure("engine_upstream_attempts_total", code="cancelled")
    with visitor(served, model, stream) as client:
        provider.saw_of(model, "request")
        left = client.leave(how)
        assert provider.saw_of(model, "eof", "rst").at - left < AT_ONCE
        check_row(served, client, 499, 1)
    assert len(provider.asked(model)) == 1
    assert served.figure("engine_upstream_attempts_total", code="cancelled") == before + 1


@pytest.mark.parametrize("how", ["fin", "rst", "half"])
@pytest.mark.parametrize("kind", ["h11", "httpx"])
def test_in_the_middle_of_a_stream(served: Deployed, provider: Scripted, how: str, kind: str) -> None:
    """F-30: the status that was sent stays, and what was spent so far is told."""
    usage = b'data: {"model":"m-1","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}}\n\n'
    model = provider.play(f"{kind}-mid-{how}", [*BEGUN, Send(chunk(usage)), Stall()])
    with visitor(served, model) as client:
        heard = client.hears(b'"total_tokens":9}')
        left = client.leave(how)
        assert provider.saw_of(model, "eof", "rst").at - left < AT_ONCE
        check_row(served, client, 200, 1)
    row = served.row(client.id)
    assert (row["tokens"]["input"], row["tokens"]["output"], row["model_served"]) == (7, 2, "gpt-4o")
    assert 0 < row["bytes_out"] < len(heard)


def test_in_the_middle_of_a_stream_that_goes_on_and_on(served: Deployed, provider: Scripted) -> None:
    model = provider.play("busy", [*BEGUN, *[step for _ in range(5000) for step in (Wait(0.001), Send(chunk(EVENTS[1])))]])
    with visitor(served, model) as client:
        client.hears(b"data:")
        left = client.leave("rst")
        ended = provider.saw_of(model, "eof", "rst", "failed")
        assert ended.at - left < AT_ONCE
        check_row(served, client, 200, 1)


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_while_a_retry_sleeps(served: Deployed, provider: Scripted, how: str) -> None:
    """F-30: no retry afterwards."""
    model = provider.play(f"sleep-{how}", failure(503, b"retry-after: 5"), REPLY)
    before = served.figure("engine_upstream_attempts_total", code="upstream_overloaded")
    with visitor(served, model, stream=False) as client:
        until(lambda: served.figure("engine_upstream_attempts_total", code="upstream_overloaded") == before + 1)
        client.leave(how)
        until(lambda: served.active() == 0, AT_ONCE)
        check_row(served, client, 499, 1)
    assert len(provider.asked(model)) == 1


def test_while_a_fallback_is_under_way(served: Deployed, provider: Scripted) -> None:
    """F-30: in the second member's turn."""
    model = provider.play("next-gone", failure(503, b"retry-after: 60"), [Stall()])
    with visitor(served, model, stream=False) as client:
        provider.saw_of(model, "request", times=2)
        left = client.leave("fin")
        assert provider.saw_of(model, "eof", "rst").at - left < AT_ONCE
        check_row(served, client, 499, 2)


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_while_a_connection_is_waited_for(served: Deployed, provider: Scripted, how: str) -> None:
    """F-30, F-38: the place in the queue is given up, and the one connection serves whoever comes next."""
    holding = provider.play(f"narrow-holding-{how}", [Stall()])
    waiting = provider.play(f"narrow-waiting-{how}", REPLY)
    with visitor(served, holding) as first, visitor(served, waiting) as second:
        provider.saw_of(holding, "request")
        until(lambda: served.active() == 2)
        second.leave(how)
        until(lambda: served.active() == 1, AT_ONCE)
        check_row(served, second, 499, 1)
        first.leave(how)
        provider.saw_of(holding, "eof", "rst")
    assert not provider.asked(waiting)
    assert served.post(chat(waiting)).status_code == 200


def test_who_waits_for_a_connection_gets_that_of_who_leaves(served: Deployed, provider: Scripted) -> None:
    """F-38: the permit is handed over."""
    holding = provider.play("narrow-held", [*BEGUN, Stall()])
    with visitor(served, holding) as first:
        first.hears(b"data:")
        with visitor(served, "narrow-next", stream=False) as second:
            until(lambda: served.active() == 2)
            first.leave("fin")
            second.hears(b"recorded")
        assert served.row(second.id)["status_code"] == 200


@pytest.mark.parametrize("phase", ["head", "stream"])
def test_during_a_race(served: Deployed, provider: Scripted, phase: str) -> None:
    """F-30: every member is dropped; after the race, the winner."""
    stalled = [Stall()]
    model = provider.play(f"race-{phase}", [*BEGUN, Stall()] if phase == "stream" else stalled, stalled)
    with visitor(served, model) as client:
        provider.saw_of(model, "request", times=2)
        if phase == "stream":
            client.hears(b"data:")
        client.leave("fin")
        provider.saw_of(model, "eof", "rst", times=2)
        check_row(served, client, 200 if phase == "stream" else 499, 2)


def test_in_the_middle_of_its_own_body(served: Deployed) -> None:
    """F-30: nothing was sent anywhere."""

    async def main() -> None:
        async with await Raw.open(served.address) as raw:
            await raw.send(get(CHAT, "content-length: 100", "x-request-id: half-said", method="POST") + b'{"model"')
            await raw.send(b': "half')

    run(main())
    row = served.row("half-said")
    assert (row["status_code"], row["error_type"], row["attempts"], row["provider"]) == (499, "client_gone", 0, None)
    until(lambda: served.active() == 0)


def test_pipelined_requests_of_who_left_are_not_sent_up(served: Deployed, provider: Scripted) -> None:
    """I1, F-36."""
    first, second = provider.play("pipe-one", [Stall()]), provider.play("pipe-two", REPLY)

    async def main() -> None:
        async with await Raw.open(served.address) as raw:
            await raw.send(post(orjson.dumps(chat(first)), CHAT) + post(orjson.dumps(chat(second)), CHAT))
            provider.saw_of(first, "request")

    run(main())
    provider.saw_of(first, "eof", "rst")
    until(lambda: served.active() == 0)
    assert not provider.asked(second)


def test_many_leave_at_once_and_nothing_is_left(served: Deployed, provider: Scripted) -> None:
    """F-30: descriptors and figures are as before."""
    model = provider.play("crowd", [*BEGUN, Stall()])
    before = served.figure("process_open_fds")
    crowd = [Visitor(served, model, True) for _ in range(25)]
    for client in crowd:
        client.hears(b"data:")
    assert served.active() == 25
    for number, client in enumerate(crowd):
        client.leave("fin" if number % 2 else "rst")
    provider.saw_of(model, "eof", "rst", times=25)
    until(lambda: served.active() == 0)
    until(lambda: served.figure("process_open_fds") <= before + 2)


def test_the_provider_hangs_up_first(served: Deployed, provider: Scripted) -> None:
    """The other way round: the provider's end is no client's."""
    model = provider.play("hung-up", [*BEGUN, Close()])
    with visitor(served, model) as client:
        client.hears(b"upstream_truncated")
        assert served.row(client.id)["error_type"] == "upstream_truncated"
