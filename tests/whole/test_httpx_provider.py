"""`transport: httpx`, end to end: the same calls, the same faults, the same end as over our own connections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import openai
import orjson
import pytest

from tests.tools.deployed import Deployed, chat, deployed, until
from tests.tools.fake_upstream import Close, Reset, Send, Stall, answer, whole
from tests.tools.recorder import ANSWER, STREAM
from tests.tools.scripted import BEGUN, JSON, REPLY, STREAMED, Scripted, failure

KEY = "sk-canary-httpx-0123456789"
TABLE = """
version: 1
server: {listen: "${LISTEN}"}
providers:
  up: {kind: openai, keys: ["${KEY}"], base_url: "${UP}", allow_private: true, transport: httpx, headers: {x-team: blue}}
models: [{name: renamed, provider: up, model: their-name}]
default: {provider: up}
pipelines:
  chat: [decode, {select: {by: model}}, {call: {retries: RETRIES, backoff: 1ms, idle: IDLE}}, convert, log]
routes:
  - {match: "POST /v1/chat/completions", speaks: openai_chat, pipeline: chat, public: true}
  - {match: "GET /metrics", pipeline: [metrics]}
"""


@pytest.fixture(scope="module")
def provider() -> Iterator[Scripted]:
    with Scripted() as it:
        yield it


@pytest.fixture(scope="module")
def served(provider: Scripted) -> Iterator[Deployed]:
    text = TABLE.replace("RETRIES", "1").replace("IDLE", "150ms")
    with deployed(text, UP=provider.base_url, KEY=KEY) as it:
        yield it


BODY = b'{ "model" : "their-name","messages":[{"role":"user","content":"h\\u00e9llo \\/"}], "x":{"model":"inner"}}'


def test_a_whole_answer_and_the_request_byte_for_byte(served: Deployed, provider: Scripted) -> None:
    got = served.post(BODY, authorization="Bearer mine", x_request_id="whole")
    assert (got.status_code, got.content) == (200, ANSWER)
    (request,) = provider.asked("their-name")
    head, _, body = request.partition(b"\r\n\r\n")
    assert body == BODY
    lines = head.lower().split(b"\r\n")
    assert lines[0] == b"post /v1/chat/completions http/1.1"
    assert b"authorization: bearer " + KEY.encode() in lines
    assert b"x-team: blue" in lines
    assert b"mine" not in head
    assert len([line for line in lines if line.startswith((b"host:", b"content-length:"))]) == 2
    row = served.row("whole")
    assert (row["provider"], row["attempts"], row["tokens"]["input"]) == ("up", 1, 1)


def test_only_the_model_changes_where_the_table_renames_it(served: Deployed, provider: Scripted) -> None:
    before = len(provider.asked("their-name"))
    served.post(BODY.replace(b"their-name", b"renamed"))
    assert provider.asked("their-name")[before].endswith(BODY)


def test_a_stream_passes_untouched(served: Deployed, provider: Scripted) -> None:
    got = served.post(chat("streaming", stream=True), x_request_id="stream")
    assert got.content == STREAM
    assert got.headers["content-type"] == "text/event-stream"
    assert served.row("stream")["streaming"] is True
    with served.sdk() as client:
        stream = client.chat.completions.create(**chat("streaming", stream=True))
        assert "".join(c.choices[0].delta.content or "" for c in stream) == "recorded"


@pytest.mark.parametrize(
    ("script", "status", "code"),
    [
        ([Close()], 502, "upstream_reset"),
        ([Reset()], 502, "upstream_reset"),
        ([Send(b"HTTP/1.1 200 OK\r\nx"), Close()], 502, "upstream_reset"),
        (failure(500), 502, "upstream_error"),
        (failure(401), 502, "upstream_auth"),
        (failure(429, b"retry-after: 60"), 429, "upstream_rate_limit"),
        (failure(302, b"location: http://127.0.0.1:1/"), 502, "upstream_redirect"),
        (whole(b"<html>", 200, b"content-type: text/html"), 502, "upstream_bad_body"),
        (whole(ANSWER, 200, JSON, b"content-encoding: gzip"), 502, "upstream_encoding"),
        ([Send(answer(ANSWER, 200, JSON)[:-9]), Close()], 502, "upstream_truncated"),
        ([Send(answer(ANSWER, 200, JSON)[:-9]), Stall()], 504, "upstream_stalled"),
        ([Send(b"HTTP/1.1 abc\r\n\r\n")], 502, "upstream_protocol"),
    ],
)
def test_faults_are_the_same_as_over_our_own_connections(
    served: Deployed, provider: Scripted, script: list[Any], status: int, code: str
) -> None:
    """F-06 to F-17. The connection is not used again in an ill state."""
    model = provider.play(f"{code}-{id(script)}", script)
    got = served.post(chat(model))
    assert (got.status_code, got.json()["error"]["code"]) == (status, code)
    provider.play(model, REPLY)
    assert served.post(chat(model)).content == ANSWER


def test_a_failure_that_passes_is_not_seen(served: Deployed, provider: Scripted) -> None:
    """F-14."""
    model = provider.play("passing", failure(500), STREAMED)
    assert served.post(chat(model, stream=True), x_request_id="passing").content == STREAM
    assert served.row("passing")["attempts"] == 2


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ([*BEGUN, Close()], "upstream_truncated"),
        ([*BEGUN, Reset()], "upstream_truncated"),
        ([*BEGUN, Send(b"0\r\n\r\n")], "upstream_truncated"),
        ([*BEGUN, Stall()], "upstream_stalled"),
    ],
)
def test_a_stream_that_breaks_says_so_in_band(served: Deployed, provider: Scripted, script: list[Any], code: str) -> None:
    """F-06, F-07."""
    model = provider.play(f"broken-{id(script)}", script)
    told = served.post(chat(model, stream=True), x_request_id=model)
    assert orjson.loads(told.content.rpartition(b"data: ")[2])["error"]["code"] == code
    assert b"[DONE]" not in told.content
    assert served.row(model)["error_type"] == code
    with served.sdk() as client, pytest.raises(openai.APIError):
        list(client.chat.completions.create(**chat(model, stream=True)))


def test_every_piece_goes_out_when_it_comes(served: Deployed, provider: Scripted) -> None:
    """A first event is there while the provider still thinks about the second."""
    model = provider.play("slow", [*BEGUN, Stall()])
    with httpx.stream("POST", f"{served.url}/v1/chat/completions", json=chat(model, stream=True)) as got:
        assert next(got.iter_raw()).startswith(b"data: ")
    until(lambda: served.active() == 0)


def test_nothing_is_left_under_way(served: Deployed) -> None:
    """Last in this file: all is as at the beginning, and no key was said."""
    assert served.active() == 0
    rows = "".join(map(str, served.rows.values())) + "".join(served.running.logged.queue)
    assert "canary" not in rows + "".join(served.said) + served.get("/metrics").text
