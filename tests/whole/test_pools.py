"""Pools, keys and models on real sockets: who is asked, in which order, and who is let go."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import openai
import pytest

from tests.tools.deployed import CHAT, Deployed, chat, deployed
from tests.tools.fake_upstream import Close, Script, Send, Stall, Wait, whole
from tests.tools.recorder import ANSWER
from tests.tools.scripted import BEGUN, CLOSING, JSON, REPLY, STREAMED, Scripted, failure

TABLE = """
version: 1
server: {listen: "${LISTEN}"}
providers:
  a: {kind: openai, keys: ["${KEY_A}"], base_url: "${A}", allow_private: true}
  b: {kind: openai, keys: ["${KEY_B}"], base_url: "${B}", allow_private: true}
  keyed: {kind: openai, keys: ["${KEY_1}", "${KEY_2}", "${KEY_3:-}"], base_url: "${A}", allow_private: true}
  keyless: {kind: openai, keys: ["${NO_KEY:-}"]}
  idle: {kind: openai, keys: ["${KEY_A}"]}
pools:
  usual: {strategy: fallback, of: [a, b]}
  limits: {strategy: fallback, of: [a, b], on: [rate_limit]}
  unkeyed: {strategy: fallback, of: [keyless, b]}
  first: {strategy: race, of: [a, b]}
  late: {strategy: race, of: [a, b], timeout: 100ms}
  turns: {strategy: round_robin, of: [a, b]}
  heavy: {strategy: weighted, of: [a, b], weights: {a: 0}}
  lots: {strategy: weighted, of: [a, b], weights: {a: 1, b: 1}}
  nested: {strategy: fallback, of: [first, keyed]}
models:
  - {name: exact, provider: a, model: renamed}
  - {name: "exact*", provider: b}
  - {name: "usual-*", provider: usual}
  - {name: "limits-*", provider: limits}
  - {name: "unkeyed-*", provider: unkeyed}
  - {name: "first-*", provider: first}
  - {name: "late-*", provider: late}
  - {name: "turns-*", provider: turns}
  - {name: "heavy-*", provider: heavy}
  - {name: "lots-*", provider: lots}
  - {name: "keyed-*", provider: keyed}
  - {name: "nested-*", provider: nested}
  - {name: "keyless-*", provider: keyless}
  - {name: even-b, provider: b, model: even-m}
  - {name: even-keyed, provider: keyed, model: even-m}
default: {provider: b}
pipelines:
  chat: [decode, {select: {by: model}}, {call: {retries: 1, backoff: 1ms}}, convert, log]
  once: [decode, {select: {by: model}}, {call: {retries: 0}}, convert, log]
  even: [decode, {select: {by: even}}, call, convert, log]
routes:
  - {match: "POST /v1/chat/completions", speaks: openai_chat, pipeline: chat, public: true}
  - {match: "POST /once/v1/chat/completions", speaks: openai_chat, pipeline: once, public: true}
  - {match: "POST /even/v1/chat/completions", speaks: openai_chat, pipeline: even, public: true}
  - {match: "GET /metrics", pipeline: [metrics]}
"""
ONCE, EVEN = f"/once{CHAT}", f"/even{CHAT}"


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[Scripted, Scripted]]:
    with ExitStack() as stack:
        yield stack.enter_context(Scripted()), stack.enter_context(Scripted())


@pytest.fixture(scope="module")
def served(both: tuple[Scripted, Scripted]) -> Iterator[Deployed]:
    keys = {f"KEY_{name}": f"sk-{name.lower()}-0123456789" for name in "AB12"}
    with deployed(TABLE, A=both[0].base_url, B=both[1].base_url, **keys) as it:
        yield it


Both = tuple[Scripted, Scripted]


def play(both: Both, model: str, a: Script, b: Script) -> str:
    both[0].play(model, a)
    both[1].play(model, b)
    return model


def counts(both: Both, model: str) -> tuple[int, int]:
    return len(both[0].asked(model)), len(both[1].asked(model))


def other(says: bytes) -> list[Any]:
    return whole(ANSWER.replace(b"recorded", says), 200, JSON)


@pytest.mark.parametrize(
    ("ill", "moves_on"),
    [
        (failure(429), True),
        (failure(500), True),
        (failure(503), True),
        ([Close()], True),
        (whole(b"<html>", 200, b"content-type: text/html"), True),
        (failure(401), False),
        (failure(302), False),
        (failure(400), False),
        (failure(404), False),
    ],
)
def test_a_fallback_moves_on_for_listed_faults_only(served: Deployed, both: Both, ill: Script, moves_on: bool) -> None:
    """F-01, F-11, F-13: the usual list is rate_limit, server, timeout and network."""
    model = play(both, f"usual-{id(ill)}", ill, other(b"second"))
    answer = served.post(chat(model), ONCE)
    assert (b"second" in answer.content) == moves_on
    assert counts(both, model)[1] == int(moves_on)


@pytest.mark.parametrize(("status", "moves_on"), [(429, True), (503, False)])
def test_a_fallback_with_a_list_of_its_own(served: Deployed, both: Both, status: int, moves_on: bool) -> None:
    model = play(both, f"limits-{status}", failure(status), other(b"second"))
    answer = served.post(chat(model), ONCE)
    assert (answer.status_code == 200) == moves_on
    assert counts(both, model) == (1, int(moves_on))


def test_a_fallback_streams_from_the_second_and_the_last_fault_is_told(served: Deployed, both: Both) -> None:
    model = play(both, "usual-stream", failure(500), STREAMED)
    with served.sdk("/once/v1") as client:
        stream = client.chat.completions.create(**chat(model, stream=True))
        assert "".join(c.choices[0].delta.content or "" for c in stream) == "recorded"
    down = play(both, "usual-down", failure(500), failure(429, b"retry-after: 9"))
    answer = served.post(chat(down), ONCE, x_request_id="usual-down")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "9")
    row = served.row("usual-down")
    assert (row["attempts"], row["provider"], row["error_type"]) == (2, "b", "upstream_rate_limit")


def test_no_fallback_once_a_byte_is_out(served: Deployed, both: Both) -> None:
    """F-12, F-14."""
    model = play(both, "usual-begun", [*BEGUN, Close()], STREAMED)
    told = served.post(chat(model, stream=True))
    assert b"upstream_truncated" in told.content
    assert counts(both, model) == (1, 0)


def test_a_member_without_a_key_is_passed_over(served: Deployed, both: Both) -> None:
    assert served.post(chat("unkeyed-m")).status_code == 200
    assert counts(both, "unkeyed-m") == (0, 1)
    answer = served.post(chat("keyless-m"))
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "model_unavailable"
    assert "NO_KEY" in answer.text


@pytest.mark.parametrize("stream", [False, True])
def test_the_first_to_answer_wins_a_race_and_the_others_connection_is_closed(
    served: Deployed, both: Both, stream: bool
) -> None:
    """F-30 inside: the loser's provider hears at once that nobody waits."""
    model = play(both, f"first-{stream}", [Stall()], STREAMED if stream else other(b"fast"))
    answer = served.post(chat(model, stream=stream), x_request_id=f"race-{stream}")
    assert (b"[DONE]" if stream else b"fast") in answer.content
    both[0].saw_of(model, "eof", "rst")
    row = served.row(f"race-{stream}")
    assert (row["provider"], row["attempts"], row["status_code"]) == ("b", 2, 200)
    assert served.figure("engine_upstream_attempts_total", provider="a", code="cancelled") >= 1


def test_a_member_that_fails_does_not_lose_the_race_for_the_other(served: Deployed, both: Both) -> None:
    model = play(both, "first-ill", failure(500), [Wait(0.03), *other(b"slow but sure")])
    assert b"slow but sure" in served.post(chat(model), ONCE).content
    down = play(both, "first-down", failure(500), failure(503))
    assert served.post(chat(down), ONCE).status_code in (502, 503)
    assert counts(both, down) == (1, 1)


def test_a_race_has_an_end(served: Deployed, both: Both) -> None:
    """F-05: pool option `timeout`."""
    model = play(both, "late-both", [Stall()], [Stall()])
    began = time.monotonic()
    answer = served.post(chat(model), ONCE)
    assert answer.status_code == 504
    assert 0.095 <= time.monotonic() - began < 3
    for provider in both:
        provider.saw_of(model, "eof", "rst")


def test_round_robin_takes_turns(served: Deployed, both: Both) -> None:
    model = play(both, "turns-m", other(b"from a"), other(b"from b"))
    heard = [b"from a" in served.post(chat(model)).content for _ in range(6)]
    assert heard in ([True, False] * 3, [False, True] * 3)


def test_weights_are_kept(served: Deployed, both: Both) -> None:
    for _ in range(5):
        served.post(chat("heavy-m"))
    assert counts(both, "heavy-m") == (0, 5)
    for _ in range(40):
        served.post(chat("lots-m"))
    assert min(counts(both, "lots-m")) > 0, "one of them 40 times in a row: once in 5e11 runs"


def test_a_limit_on_one_key_is_answered_by_the_next_at_once(served: Deployed, both: Both) -> None:
    """F-13: without waiting for what Retry-After says of the first."""
    model = play(both, "keyed-limited", failure(429, b"retry-after: 8"), REPLY)
    both[0].play(model, failure(429, b"retry-after: 8"), REPLY)
    began = time.monotonic()
    answer = served.post(chat(model), x_request_id="keyed-limited")
    assert answer.status_code == 200
    assert time.monotonic() - began < 4
    first, second = both[0].keys(model)
    assert {first, second} == {"Bearer sk-1-0123456789", "Bearer sk-2-0123456789"}
    assert served.row("keyed-limited")["attempts"] == 2


def test_a_key_at_its_limit_is_left_alone_by_those_who_come_next(served: Deployed, both: Both) -> None:
    """F-13: when all keys are at their limit, they are asked all the same."""
    model = both[0].play("keyed-cool", failure(429, b"retry-after: 30"), REPLY)
    for number in range(6):
        assert served.post(chat(model), x_request_id=f"cool-{number}").status_code == 200
    first, *others = both[0].keys(model)
    assert first not in others
    assert [served.row(f"cool-{number}")["attempts"] for number in range(6)] == [2, 1, 1, 1, 1, 1]
    assert served.figure("engine_events_total", kind="upstream_cooldowns") >= 1
    both[0].play("keyed-all-cool", failure(429, b"retry-after: 30"), failure(429, b"retry-after: 30"), REPLY)
    assert [served.post(chat("keyed-all-cool")).status_code for _ in range(3)] == [429, 200, 200]


def test_a_member_at_its_limit_comes_last(served: Deployed, both: Both) -> None:
    """F-13: of a fallback, and of turns; another model of the same provider is not concerned."""
    for name in ("usual", "turns"):
        model = play(both, f"{name}-cool", failure(429, b"retry-after: 30"), REPLY)
        for _ in range(5):
            served.post(chat(model))
        assert counts(both, model)[0] == 1
        other_model = play(both, f"{name}-warm", REPLY, REPLY)
        for _ in range(2):
            served.post(chat(other_model))
        assert counts(both, other_model)[0] >= 1


def test_a_refused_key_is_passed_over_and_not_tried_again(served: Deployed, both: Both) -> None:
    """F-15: and when all are refused the client sees 502, not 401."""
    both[0].play("keyed-refused", failure(401), REPLY)
    assert served.post(chat("keyed-refused")).status_code == 200
    assert len(set(both[0].keys("keyed-refused"))) == 2
    both[0].play("keyed-none", failure(401))
    answer = served.post(chat("keyed-none"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upstream_auth")
    assert Counter(both[0].keys("keyed-none")).most_common(1)[0][1] == 1, "no key twice"


def test_keys_are_used_in_turn(served: Deployed, both: Both) -> None:
    for _ in range(6):
        served.post(chat("keyed-turns"))
    assert sorted(Counter(both[0].keys("keyed-turns")).values()) == [3, 3]


def test_pools_in_pools(served: Deployed, both: Both) -> None:
    """The race loses, so the next member of the fallback is asked, which is at the first provider too."""
    both[1].play("nested-m", failure(500))
    both[0].play("nested-m", failure(500), other(b"third"))
    assert b"third" in served.post(chat("nested-m"), ONCE).content


def test_even_spreads_over_every_combination(served: Deployed, both: Both) -> None:
    """The client's name does not matter; ?vendor= keeps to one provider."""
    for _ in range(60):
        assert served.post(chat("whatever"), EVEN).status_code == 200
    heard = Counter(both[0].keys("even-m") + both[0].keys("renamed") + both[1].keys("even-m"))
    assert set(heard) == {f"Bearer sk-{name}-0123456789" for name in "ab12"}
    before = counts(both, "even-m")
    for _ in range(5):
        served.post(chat("whatever"), f"{EVEN}?vendor=b")
    assert counts(both, "even-m") == (before[0], before[1] + 5)
    served.post(chat("whatever"), f"{EVEN}?vendor=keyed", x_request_id="even-row")
    row = served.row("even-row")
    assert (row["combinations"], row["provider"]) == (2, "keyed")
    assert row["selected"] in ("keyed:even-m", "keyed:even-m#2")


@pytest.mark.parametrize(
    ("vendor", "says"),
    [
        ("nobody", "No credentials available for vendor: nobody"),
        ("B", "No credentials available for vendor: B"),
        ("keyless", "No credentials available for vendor: keyless"),
        ("idle", "No models available for vendor: idle"),
        ("a%20b", "No credentials available for vendor: a b"),
    ],
)
def test_an_unknown_vendor_is_a_400_that_says_which(served: Deployed, vendor: str, says: str) -> None:
    """G8: status and words, exactly."""
    answer = served.post(chat("m"), f"{EVEN}?vendor={vendor}")
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == says
    with served.sdk("/even/v1") as client, pytest.raises(openai.BadRequestError):
        client.chat.completions.create(**chat("m"), extra_query={"vendor": vendor})


def test_names_go_where_the_table_says(served: Deployed, both: Both) -> None:
    """Exact before glob, whatever stands first; the default provider keeps the client's name."""
    a, b = both
    before = len(a.asked("renamed"))
    for name in ("exact", "exactly", "anything"):
        assert served.post(chat(name)).status_code == 200
    assert (len(a.asked("renamed")), len(a.asked("exact"))) == (before + 1, 0)
    assert (len(b.asked("exactly")), len(b.asked("anything"))) == (1, 1)
    served.post(chat("exact"), x_request_id="exact")
    row = served.row("exact")
    assert (row["model"], row["model_served"], row["provider"]) == ("exact", "gpt-4o", "a")


def test_a_default_model_and_none(both: Both) -> None:
    table = TABLE.replace("default: {provider: b}", "default: {provider: a, model: chosen}")
    keys = {f"KEY_{name}": f"sk-{name.lower()}-0123456789" for name in "AB12"}
    with deployed(table, A=both[0].base_url, B=both[1].base_url, **keys) as served:
        assert served.post(chat("unheard-of")).status_code == 200
        assert len(both[0].asked("chosen")) == 1
        served.table.write_text(TABLE.replace("default: {provider: b}\n", ""))
        served.reload()
        answer = served.post(chat("exat"))
        assert answer.status_code == 400
        assert "did you mean `exact`" in answer.json()["error"]["message"]
        assert answer.json()["error"]["param"] == "model"


def test_a_provider_that_closes_each_time_is_no_trouble(served: Deployed, both: Both) -> None:
    """F-23."""
    both[1].play("heavy-closing", [*CLOSING, Send(b"")])
    assert {served.post(chat("heavy-closing")).status_code for _ in range(5)} == {200}
