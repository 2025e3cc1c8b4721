"""What providers do wrong, as a client sees it: its own format, the right status, no hang, and the next client unharmed."""

from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import orjson
import pytest

from tests.tools.deployed import CHAT, Deployed, chat, deployed, until
from tests.tools.fake_upstream import Close, Reset, Send, Stall, answer, chunk, whole
from tests.tools.recorder import ANSWER
from tests.tools.scripted import BEGUN, CLOSING, EVENTS, JSON, REPLY, STREAMED, Scripted, failure

KEY = "sk-canary-faults-0123456789"
TABLE = """
version: 1
server: {listen: "${LISTEN}"}
providers:
  up: {kind: openai, keys: ["${KEY}"], base_url: "${UP}", allow_private: true}
  closed: {kind: openai, keys: ["${KEY}"], base_url: "${CLOSED}", allow_private: true}
models:
  - {name: closed, provider: closed}
default: {provider: up}
pipelines:
  once: [decode, {select: {by: model}}, {call: {retries: 0, limit: 64KiB}}, convert, log]
  again: [decode, {select: {by: model}}, {call: {retries: 2, backoff: 1ms}}, convert, log]
  hasty: [decode, {select: {by: model}}, {call: {retries: 0, first_byte: 100ms}}, convert, log]
  idle: [decode, {select: {by: model}}, {call: {retries: 0, idle: 100ms}}, convert, log]
  short: [decode, {select: {by: model}}, {call: {retries: 2, timeout: 150ms}}, convert, log]
routes:
  - {match: "POST /v1/chat/completions", speaks: openai_chat, pipeline: once, public: true}
  - {match: "POST /again/v1/chat/completions", speaks: openai_chat, pipeline: again, public: true}
  - {match: "POST /hasty/v1/chat/completions", speaks: openai_chat, pipeline: hasty, public: true}
  - {match: "POST /idle/v1/chat/completions", speaks: openai_chat, pipeline: idle, public: true}
  - {match: "POST /short/v1/chat/completions", speaks: openai_chat, pipeline: short, public: true}
  - {match: "GET /metrics", pipeline: [metrics]}
"""
AGAIN, HASTY, IDLE, SHORT = (f"/{word}{CHAT}" for word in ("again", "hasty", "idle", "short"))


@pytest.fixture(scope="module")
def provider() -> Iterator[Scripted]:
    with Scripted() as it:
        yield it


@pytest.fixture(scope="module")
def served(provider: Scripted) -> Iterator[Deployed]:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and never listens
        nowhere = f"http://127.0.0.1:{closed.getsockname()[1]}/v1"
        with deployed(TABLE, UP=provider.base_url, CLOSED=nowhere, KEY=KEY) as it:
            yield it


def check(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The error in the client's format; nothing in it tells of keys or of the provider's insides."""
    assert answer.status_code == status, answer.text
    error: dict[str, Any] = answer.json()["error"]
    assert error["code"] == code
    assert error["request_id"] == answer.headers["x-request-id"]
    assert "canary" not in answer.text
    return error


def raw(head: bytes, body: bytes = b"") -> list[Any]:
    return [Send(head.replace(b"\n", b"\r\n") + b"\r\n" + body)]


def leave_no_idle_connection(served: Deployed, provider: Scripted) -> None:
    """The next request goes out on a fresh connection, where a close before the answer is not taken for F-21's race."""
    assert served.post(chat(provider.play("closing", CLOSING))).status_code == 200


HTML = b"<html>canary</html>"
OK = b"HTTP/1.1 200 OK\n"
FAULTS: dict[str, tuple[list[Any], int, str]] = {
    "reset before the head": ([Reset()], 502, "upstream_reset"),
    "closed before the head": ([Close()], 502, "upstream_reset"),
    "closed in the head": ([Send(b"HTTP/1.1 200 OK\r\ncontent-"), Close()], 502, "upstream_truncated"),
    "500": (failure(500, says="canary"), 502, "upstream_error"),
    "503": (failure(503), 503, "upstream_overloaded"),
    "529": (failure(529), 503, "upstream_overloaded"),
    "401": (failure(401, says=f"Incorrect API key provided: {KEY}"), 502, "upstream_auth"),
    "403": (failure(403, says="canary"), 502, "upstream_auth"),
    "html with 200": (whole(HTML, 200, b"content-type: text/html"), 502, "upstream_bad_body"),
    "html that says it is json": (whole(HTML, 200, JSON), 502, "upstream_bad_body"),
    "html with 404": (whole(HTML, 404, b"content-type: text/html"), 404, "upstream_refused"),
    "nothing with 200": (whole(b"", 200, JSON), 502, "upstream_bad_body"),
    "half an object": (whole(ANSWER[:-20], 200, JSON), 502, "upstream_bad_body"),
    "a list": (whole(b"[1]", 200, JSON), 502, "upstream_bad_body"),
    "less than announced": ([Send(answer(ANSWER, 200, JSON)[:-20]), Close()], 502, "upstream_truncated"),
    "reset in the body": ([Send(answer(ANSWER, 200, JSON)[:-20]), Reset()], 502, "upstream_truncated"),
    "no last chunk": ([*raw(OK + b"transfer-encoding: chunked\n", chunk(ANSWER)), Close()], 502, "upstream_truncated"),
    "an error with 200": (
        whole(b'{"error":{"message":"canary","type":"rate_limit_error"}}', 200, JSON), 429, "upstream_rate_limit",
    ),
    "gzip": (whole(gzip.compress(ANSWER), 200, JSON, b"content-encoding: gzip"), 502, "upstream_encoding"),
    "too much": (whole(b" " * 70_000 + ANSWER, 200, JSON), 502, "upstream_too_large"),
    "too much in chunks": (
        raw(OK + b"transfer-encoding: chunked\n", b"".join(chunk(b" " * 9000) for _ in range(9))), 502, "upstream_too_large",
    ),
    "bare line ends": ([Send(b"HTTP/1.1 200 OK\ncontent-length: 2\n\n{}")], 502, "upstream_protocol"),
    "http/2.0": (raw(b"HTTP/2.0 200 OK\ncontent-length: 2\n", b"{}"), 502, "upstream_protocol"),
    "status 099": (raw(b"HTTP/1.1 099 X\ncontent-length: 2\n", b"{}"), 502, "upstream_protocol"),
    "two lengths": (raw(OK + b"content-length: 2\ncontent-length: 3\n", b"{} "), 502, "upstream_protocol"),
    "length and chunked": (
        raw(OK + b"content-length: 2\ntransfer-encoding: chunked\n", b"0\r\n\r\n"), 502, "upstream_protocol",
    ),
    "a huge head": (raw(OK + b"a: " + b"b" * 70_000 + b"\n"), 502, "upstream_protocol"),
    "many fields": (raw(OK + b"a: b\n" * 200), 502, "upstream_protocol"),
    "a flood of 1xx": (raw(b"HTTP/1.1 103 X\n\n" * 20) + REPLY, 502, "upstream_protocol"),
    "another protocol": (raw(b"HTTP/1.1 101 X\nupgrade: x\nconnection: upgrade\n"), 502, "upstream_protocol"),
    "a broken chunk": (raw(OK + b"transfer-encoding: chunked\n", b"zz\r\n{}"), 502, "upstream_protocol"),
}  # fmt: skip


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_is_told_and_the_next_client_is_served(served: Deployed, provider: Scripted, kind: str) -> None:
    """F-01, F-07 to F-11, F-15, F-17, F-19, F-25: one attempt, one error, and the connection is not used in an ill state."""
    script, status, code = FAULTS[kind]
    leave_no_idle_connection(served, provider)
    model = provider.play(kind, script, REPLY)
    check(served.post(chat(model), x_request_id=f"fault-{len(model)}"), status, code)
    after = served.post(chat(model))
    assert (after.status_code, after.content) == (200, ANSWER)
    assert len(provider.asked(model)) == 2, "no retries on this route"


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_before_a_stream_is_told_like_any_other(served: Deployed, provider: Scripted, kind: str) -> None:
    """F-10, F-11, F-14: nothing of an answer was sent yet, so there is a status to say it with."""
    script, status, code = FAULTS[kind]
    model = provider.play(f"{kind}, streamed", script)
    check(served.post(chat(model, stream=True)), status, code)


def test_a_closed_port(served: Deployed) -> None:
    """F-01: every attempt finds it closed."""
    began = time.monotonic()
    check(served.post(chat("closed"), x_request_id="closed-1"), 502, "upstream_connect")
    check(served.post(chat("closed"), AGAIN, x_request_id="closed-2"), 502, "upstream_connect")
    assert time.monotonic() - began < 3
    assert [served.row(id)["attempts"] for id in ("closed-1", "closed-2")] == [1, 3]
    assert {served.row(id)["error_type"] for id in ("closed-1", "closed-2")} == {"upstream_connect"}


def test_a_failure_that_passes_is_not_seen(served: Deployed, provider: Scripted) -> None:
    """F-14: a reset, then a 500, then an answer."""
    leave_no_idle_connection(served, provider)
    model = provider.play("passing", [Reset()], failure(500), REPLY)
    assert served.post(chat(model), AGAIN, x_request_id="passing").content == ANSWER
    row = served.row("passing")
    assert (row["attempts"], row["status_code"], row["error_type"]) == (3, 200, None)
    with served.sdk("/again/v1") as client:
        provider.play("passing", failure(503), STREAMED)
        words = [c.choices[0].delta.content for c in client.chat.completions.create(**chat("passing", stream=True))]
    assert "".join(word or "" for word in words) == "recorded"


def test_retries_have_an_end(served: Deployed, provider: Scripted) -> None:
    """F-14: one attempt and two retries; the last failure is told."""
    model = provider.play("lasting", failure(500))
    check(served.post(chat(model), AGAIN), 502, "upstream_error")
    assert len(provider.asked(model)) == 3


@pytest.mark.parametrize("kind", ["401", "a list", "bare line ends", "less than announced", "gzip"])
def test_what_a_retry_cannot_help_is_asked_once(served: Deployed, provider: Scripted, kind: str) -> None:
    """F-08, F-15."""
    script, status, code = FAULTS[kind]
    model = provider.play(f"{kind}, once", script)
    check(served.post(chat(model), AGAIN), status, code)
    assert len(provider.asked(model)) == 1


@pytest.mark.parametrize(("given", "told"), [(b"7", "7"), (b"99999999999999", "3600"), (b"-5", "0"), (b"soon", None)])
def test_a_rate_limit_is_passed_on_with_its_hint(served: Deployed, provider: Scripted, given: bytes, told: str | None) -> None:
    """F-13."""
    model = provider.play(f"limited-{given.decode()}", failure(429, b"retry-after: " + given))
    with served.sdk() as client, pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(**chat(model))
    assert caught.value.code == "upstream_rate_limit"
    assert caught.value.response.headers.get("retry-after") == told


def test_a_hint_that_can_be_waited_for_is(served: Deployed, provider: Scripted) -> None:
    """F-13: not sooner; and one beyond the cap is not waited for at all."""
    model = provider.play("hinted", failure(429, b"retry-after-ms: 60"), REPLY)
    assert served.post(chat(model), AGAIN).status_code == 200
    first, second = [entry.at for entry in provider.of(model) if entry.what == "request"]
    assert second - first >= 0.055
    far = provider.play("hinted far", failure(429, b"retry-after: 600"), REPLY)
    assert served.post(chat(far), AGAIN).headers["retry-after"] == "600"
    assert len(provider.asked(far)) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 304])
def test_a_redirect_is_not_followed(served: Deployed, provider: Scripted, status: int) -> None:
    """F-16."""
    with Scripted() as sink:
        where = f"location: {sink.base_url}/canary".encode()
        model = provider.play(
            f"redirect {status}", [Send(answer(b"", status, where))] if status != 304 else raw(b"HTTP/1.1 304 X\n")
        )
        check(served.post(chat(model), AGAIN), 502, "upstream_redirect")
        assert not sink.journal


def test_the_providers_own_refusal_passes_untouched(served: Deployed, provider: Scripted) -> None:
    """A 4xx is the provider's word on the request."""
    body = b'{ "error": {"message": "too many tokens", "type": "invalid_request_error", "code": "context_length_exceeded"}}'
    model = provider.play("refused", whole(body, 400, JSON, b"x-request-id: req-up", b"set-cookie: a=b", b"server: x"))
    answer = served.post(chat(model), AGAIN, x_request_id="refused")
    assert (answer.status_code, answer.content) == (400, body)
    assert answer.headers["x-upstream-request-id"] == "req-up"
    assert answer.headers["x-request-id"] == "refused"
    assert not {"set-cookie", "server"} & set(answer.headers)
    assert served.row("refused")["error_type"] == "upstream_refused"
    assert len(provider.asked(model)) == 1


GOOD_ODDITIES = {
    "ends with the connection": [*raw(OK + b"content-type: application/json\n", ANSWER), Close()],
    "http/1.0": [*raw(b"HTTP/1.0 200 OK\n", ANSWER), Close()],
    "closes": [*whole(ANSWER, 200, b"connection: close"), Close()],
    "interim first": raw(b"HTTP/1.1 100 X\n\nHTTP/1.1 103 X\nlink: x\n") + REPLY,
    "trailers": raw(OK + b"transfer-encoding: chunked\n", chunk(ANSWER) + b"0\r\nx: y\r\n\r\n"),
    "byte by byte": [Send(answer(ANSWER, 200, JSON), piece=1)],
}


@pytest.mark.parametrize("kind", GOOD_ODDITIES)
def test_what_is_odd_but_right_is_an_answer(served: Deployed, provider: Scripted, kind: str) -> None:
    """F-19, F-20, F-23."""
    model = provider.play(kind, GOOD_ODDITIES[kind])
    for _ in range(2):
        answer = served.post(chat(model))
        assert (answer.status_code, answer.content) == (200, ANSWER)


CUTS: dict[str, tuple[list[Any], str]] = {
    "fin": ([*BEGUN, Close()], "upstream_truncated"),
    "rst": ([*BEGUN, Reset()], "upstream_truncated"),
    "fin in a chunk": ([*BEGUN, Send(chunk(EVENTS[1])[:-10]), Close()], "upstream_truncated"),
    "a good end too early": ([*BEGUN, Send(b"0\r\n\r\n")], "upstream_truncated"),
    "short of its length": (
        [*raw(OK + b"content-type: text/event-stream\ncontent-length: 9999\n", EVENTS[0]), Close()], "upstream_truncated",
    ),
    "no length, no end": ([*raw(OK + b"content-type: text/event-stream\n", EVENTS[0]), Close()], "upstream_truncated"),
    "a broken chunk": ([*BEGUN, Send(b"zz\r\n")], "upstream_protocol"),
}  # fmt: skip


@pytest.mark.parametrize("kind", CUTS)
def test_a_stream_that_breaks_says_so_in_band(served: Deployed, provider: Scripted, kind: str) -> None:
    """F-06, F-07: an error event in the client's format, no [DONE], and the SDK raises after what came before."""
    script, code = CUTS[kind]
    model = provider.play(f"cut: {kind}", script)
    id = f"cut-{list(CUTS).index(kind)}"
    told = served.post(chat(model, stream=True), AGAIN, x_request_id=id)
    assert told.status_code == 200
    begun, _, error = told.content.rpartition(b"data: ")
    assert (begun + b"\n\n").startswith(EVENTS[0])
    assert orjson.loads(error)["error"]["code"] == code
    assert b"[DONE]" not in told.content
    row = served.row(id)
    assert (row["status_code"], row["error_type"], row["level"], row["attempts"]) == (200, code, "error", 1)
    # What was cut within an event is half an event, which is all that the SDK looks at.
    raised = ValueError if kind == "fin in a chunk" else openai.APIError
    with served.sdk("/again/v1") as client, pytest.raises(raised):
        list(client.chat.completions.create(**chat(model, stream=True)))
    assert len(provider.asked(model)) == 2, "nothing is sent again once a byte is out"


def test_the_providers_own_error_event_is_relayed_once(served: Deployed, provider: Scripted) -> None:
    """F-12."""
    event = b'data: {"error":{"message":"overloaded","type":"server_error","code":null}}\n\n'
    model = provider.play("own error", [*BEGUN, Send(chunk(event)), Send(b"0\r\n\r\n")])
    told = served.post(chat(model, stream=True), x_request_id="own-error")
    assert told.content.count(b'"error"') == 1
    assert b"[DONE]" not in told.content
    row = served.row("own-error")
    assert row["level"] == "error"
    assert row["error_type"].startswith("upstream_")


@pytest.mark.parametrize("script", [[Stall()], [Send(b"HTTP/1.1 200 OK\r\ncontent-type: te"), Stall()]])
@pytest.mark.parametrize("stream", [False, True])
def test_no_first_byte_in_time(served: Deployed, provider: Scripted, script: list[Any], stream: bool) -> None:
    """F-05: 504 at the limit, and the provider hears that nobody waits any more."""
    model = provider.play(f"mute-{len(script)}-{stream}", script)
    began = time.monotonic()
    check(served.post(chat(model, stream=stream), HASTY), 504, "upstream_first_byte_timeout")
    assert time.monotonic() - began >= 0.095
    provider.saw_of(model, "eof", "rst")


def test_a_stream_that_stalls(served: Deployed, provider: Scripted) -> None:
    """F-06: told in band after call.idle; the provider is dropped."""
    model = provider.play("stalled", [*BEGUN, Stall()])
    told = served.post(chat(model, stream=True), IDLE, x_request_id="stalled")
    assert b"upstream_stalled" in told.content
    assert b"[DONE]" not in told.content
    provider.saw_of(model, "eof", "rst")
    assert served.row("stalled")["error_type"] == "upstream_stalled"
    with served.sdk("/idle/v1") as client, pytest.raises(openai.APIError, match="stopped sending"):
        list(client.chat.completions.create(**chat(model, stream=True)))


def test_a_whole_answer_that_stalls(served: Deployed, provider: Scripted) -> None:
    """F-06: nothing was sent yet, so it is a 504."""
    model = provider.play("stalled whole", [Send(answer(ANSWER, 200, JSON)[:-20]), Stall()])
    check(served.post(chat(model), IDLE), 504, "upstream_stalled")
    provider.saw_of(model, "eof", "rst")


def test_drops_do_not_move_the_end_of_all_patience(served: Deployed, provider: Scripted) -> None:
    """F-24: a stream that drips for ever ends with call.timeout, and retries do not outlive it."""
    drip = [*BEGUN, Send(chunk(b": still here\n\n") * 5000, piece=19, pace=0.005)]
    model = provider.play("dripping", drip)
    began = time.monotonic()
    assert b"upstream_timeout" in served.post(chat(model, stream=True), SHORT).content
    check(served.post(chat(provider.play("mute", [Stall()])), SHORT), 504, "upstream_timeout")
    assert time.monotonic() - began < 3
    assert len(provider.asked("mute")) == 1


EVIL = answer(b'{"id":"evil","choices":[{"message":{"content":"evil"}}]}', 200, JSON)
TRAILING = {
    "a second answer": answer(ANSWER, 200, JSON) + EVIL,
    "bytes": answer(ANSWER, 200, JSON) + b"\r\nxyz",
    "after chunks": OK.replace(b"\n", b"\r\n") + b"transfer-encoding: chunked\r\n\r\n" + chunk(ANSWER) + b"0\r\n\r\n" + EVIL,
}


@pytest.mark.parametrize("kind", TRAILING)
@pytest.mark.parametrize("later", [False, True])
def test_bytes_after_an_answer_reach_nobody(served: Deployed, provider: Scripted, kind: str, later: bool) -> None:
    """I7, F-22: the connection is dropped, whether they come with the answer or afterwards; the next client gets its own."""
    data = TRAILING[kind]
    good = data.index(ANSWER) + len(ANSWER) + (7 if "chunks" in kind else 0)
    script = [Send(data[:good]), Send(data[good:])] if later else [Send(data)]
    model = provider.play(f"{kind}-{later}", script, REPLY)
    for _ in range(3):
        answer = served.post(chat(model))
        assert (answer.status_code, answer.content) == (200, ANSWER)
        # What comes when the next request is under way would be its answer; nobody could tell.
        provider.saw_of(model, "write", times=len(script))
    requests = [entry.connection for entry in provider.of(model) if entry.what == "request"]
    assert requests[0] != requests[1], "a connection with unasked bytes is not used again"


def test_bytes_on_an_idle_connection_are_counted(served: Deployed, provider: Scripted) -> None:
    """F-22: `upstream_desync`."""
    before = served.figure("engine_events_total", kind="upstream_desync")
    lazy = provider.play("unasked", [*REPLY, Send(b"x", pace=0.0)])
    until(lambda: served.post(chat(lazy)) and served.figure("engine_events_total", kind="upstream_desync") > before)


def test_a_connection_closed_while_idle_costs_nobody_an_answer(served: Deployed, provider: Scripted) -> None:
    """F-21: closed right after every answer, without saying so before."""
    model = provider.play("fickle", [*REPLY, Close()])
    assert {served.post(chat(model), AGAIN).status_code for _ in range(30)} == {200}
    assert len(provider.asked(model)) == 30, "nothing was acted on twice"


def test_hostile_headers_stay_behind(served: Deployed, provider: Scripted) -> None:
    """Reliability 1.5: of a provider's headers only known ones with harmless values pass."""
    fields = [b"x-request-id: a\x1b[2J", b"retry-after: 3", b"x-ratelimit-limit: " + b"9" * 5000, b"location: http://x/"]
    model = provider.play("headers", whole(ANSWER, 200, JSON, *fields, b"x-ratelimit-left: 5", b"alt-svc: x"))
    before = served.figure("engine_events_total", kind="upstream_headers_dropped")
    answer = served.post(chat(model))
    if answer.status_code == 200:
        known = {"content-type", "retry-after", "x-ratelimit-left", "content-length", "date", "x-request-id"}
        assert set(answer.headers) == known
        assert served.figure("engine_events_total", kind="upstream_headers_dropped") > before
    else:
        check(answer, 502, "upstream_protocol")


def test_no_fault_lets_a_key_out(served: Deployed) -> None:
    """Last in this file: after all of the above."""
    rows = "".join(map(str, served.rows.values())) + "".join(served.running.logged.queue)
    assert "canary" not in rows + "".join(served.said) + served.get("/metrics").text
    assert served.active() == 0
