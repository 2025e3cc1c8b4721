"""`cors`, `respond`, `models`, `health` and `metrics` through HTTP, and echo's ways to fail."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import openai
import pytest

from tests.tools.deployed import CHAT, Deployed, chat, deployed, until

PAGE = "https://app.example.com"
KEY = "gw-canary-stages-0123456789"
TABLE = """
version: 1
server: {listen: "${LISTEN}"}
providers:
  echo: {kind: echo, by_headers: true, pace: 1ms}
  plain: {kind: echo, pace: 1ms}
  lacking: {kind: openai, keys: ["${LACKING_KEY:-}"]}
models:
  - {name: one, provider: echo, description: "the first"}
  - {name: "two-*", provider: echo}
  - {name: three, provider: lacking}
  - {name: four, provider: plain}
default: {provider: echo}
pipelines:
  chat: [decode, {select: {by: model}}, {call: {retries: 0, idle: 100ms, first_byte: 20s}}, convert, log]
  page:
    - cors: {origins: ["https://app.example.com"], max_age: 60s, credentials: true}
    - auth: {keys: ["${GATEWAY_KEY}"]}
    - decode
    - select: {by: model}
    - call
    - convert
    - log
routes:
  - {match: "POST /v1/chat/completions", speaks: openai_chat, pipeline: chat, public: true}
  - {match: "POST|OPTIONS /page/v1/chat/completions", speaks: openai_chat, pipeline: page}
  - match: "GET|OPTIONS /open"
    public: true
    pipeline: [{cors: {origins: ["*"]}}, {respond: {body: "open"}}]
  - match: "GET /gone"
    public: true
    pipeline: [{respond: {status: 410, body: "gone", content_type: text/html, headers: {cache-control: max-age=60}}}]
  - {match: "POST /drop", public: true, pipeline: [{respond: {status: 204}}]}
  - {match: "GET /v1/models", speaks: openai_chat, public: true, pipeline: [models]}
  - {match: "GET /able/v1/models", speaks: openai_chat, public: true, pipeline: [{models: {hide_unavailable: true}}]}
  - {match: "GET /anthropic/v1/models", speaks: anthropic_messages, public: true, pipeline: [models]}
  - {match: "GET /health", pipeline: [{health: {shape: detailed}}]}
  - {match: "GET /health/text", pipeline: [{health: {shape: text}}]}
  - {match: "GET /health/simple", pipeline: [health]}
  - {match: "GET /metrics", pipeline: [metrics]}
"""


@pytest.fixture(scope="module")
def served() -> Iterator[Deployed]:
    with deployed(TABLE, GATEWAY_KEY=KEY) as it:
        yield it


def test_a_preflight_is_answered_without_a_key(served: Deployed) -> None:
    asks = {"origin": PAGE, "access-control-request-method": "POST", "access-control-request-headers": "authorization"}
    answer = httpx.options(f"{served.url}/page{CHAT}", headers=asks)
    assert (answer.status_code, answer.content) == (204, b"")
    assert "content-length" not in answer.headers
    told = answer.headers
    assert told["access-control-allow-origin"] == PAGE
    assert "POST" in told["access-control-allow-methods"]
    assert "authorization" in told["access-control-allow-headers"]
    assert (told["access-control-max-age"], told["access-control-allow-credentials"]) == ("60", "true")
    assert told["vary"] == "Origin"


def test_an_unlisted_origin_learns_nothing(served: Deployed) -> None:
    for origin in ("https://evil.example", f"{PAGE}.evil.example", "null", PAGE.upper()):
        answer = httpx.options(f"{served.url}/page{CHAT}", headers={"origin": origin})
        assert answer.status_code == 204
        assert not [name for name in answer.headers if name.startswith("access-control")]
        assert answer.headers["vary"] == "Origin"


def test_answers_streams_and_errors_may_be_read_by_the_page(served: Deployed) -> None:
    """Also an error: else the page would only learn that something failed."""
    key = {"authorization": f"Bearer {KEY}"}
    for body, headers, status in (
        (chat("one"), key, 200),
        (chat("one", stream=True), key, 200),
        (chat("one"), {}, 401),
        ({}, key, 400),
        (chat("three"), key, 503),
    ):
        answer = served.post(body, f"/page{CHAT}", origin=PAGE, **headers)
        assert answer.status_code == status
        assert answer.headers["access-control-allow-origin"] == PAGE
        assert answer.headers["access-control-expose-headers"] == "x-request-id"


def test_any_origin(served: Deployed) -> None:
    answer = served.get("/open", origin="https://anyone.example")
    assert (answer.text, answer.headers["access-control-allow-origin"]) == ("open", "*")
    assert "vary" not in answer.headers


def test_fixed_answers(served: Deployed) -> None:
    gone = served.get("/gone")
    assert (gone.status_code, gone.text) == (410, "gone")
    assert (gone.headers["content-type"], gone.headers["cache-control"]) == ("text/html", "max-age=60")
    dropped = served.post(b"never read", "/drop")
    assert (dropped.status_code, dropped.content) == (204, b"")


def test_models_are_listed_in_the_order_of_the_table(served: Deployed) -> None:
    with served.sdk() as client:
        models = client.models.list().data
    assert [(model.id, model.owned_by) for model in models] == [("one", "echo"), ("three", "lacking"), ("four", "plain")]
    told = {model["id"]: model.get("description", "") for model in served.get("/v1/models").json()["data"]}
    assert told["one"] == "the first"
    assert "LACKING_KEY" in told["three"]


def test_lists_of_models_can_be_narrowed(served: Deployed) -> None:
    def ids(path: str) -> list[str]:
        return [model["id"] for model in served.get(path).json()["data"]]

    assert ids("/able/v1/models") == ["one", "four"]
    assert ids("/v1/models?vendor=plain") == ["four"]
    assert ids("/v1/models?vendor=nobody") == []
    listed = served.get("/anthropic/v1/models").json()
    assert listed["data"][0]["type"] == "model"
    assert (listed["has_more"], listed["first_id"], listed["last_id"]) == (False, "one", "four")


def test_health_in_three_shapes(served: Deployed) -> None:
    assert served.get("/health/text").text == "OK"
    assert served.get("/health/simple").json() == {"status": "healthy"}
    told = served.get("/health").json()
    assert told["status"] == "healthy"
    assert {"version", "uptime", "generation", "last_reload"} <= set(told)
    assert served.get("/health").headers["cache-control"] == "no-store"


def test_figures_have_labels_of_configured_names_only(served: Deployed) -> None:
    served.post(chat("two-canary-model"))
    served.get("/canary-path")
    text = served.get("/metrics").text
    assert "canary" not in text
    assert served.figure("engine_tokens_total", model="two-*", kind="input") >= 1
    assert served.figure("engine_requests_total", status="404") >= 1
    assert served.figure("engine_request_duration_seconds_count", route=f"POST {CHAT}") >= 1


@pytest.mark.parametrize(
    ("status", "seen", "raised"),
    [
        (400, 400, openai.BadRequestError),
        (401, 502, openai.InternalServerError),
        (404, 404, openai.NotFoundError),
        (422, 422, openai.UnprocessableEntityError),
        (429, 429, openai.RateLimitError),
        (500, 502, openai.InternalServerError),
        (503, 503, openai.InternalServerError),
    ],
)
def test_echo_fails_as_it_is_told(served: Deployed, status: int, seen: int, raised: type[openai.APIStatusError]) -> None:
    for stream in (False, True):
        with served.sdk(x_echo_fail=str(status)) as client, pytest.raises(raised) as caught:
            client.chat.completions.create(**chat("one", stream=stream))
        assert caught.value.status_code == seen


def test_echo_is_slow_when_it_is_told(served: Deployed) -> None:
    began = time.monotonic()
    assert served.post(chat("one"), x_echo_delay="80ms", x_request_id="slow").status_code == 200
    assert time.monotonic() - began >= 0.075
    assert served.row("slow")["upstream_ms"] >= 75
    began = time.monotonic()
    served.post(chat("one", "a b c d", stream=True), x_echo_pace="20ms")
    assert time.monotonic() - began >= 0.075


def test_echo_cuts_a_stream_where_it_is_told(served: Deployed) -> None:
    """F-07."""
    heard: list[str | None] = []
    with served.sdk(x_echo_cut_after="3") as client:
        stream = client.chat.completions.create(**chat("one", "a b c d e", stream=True))
        with pytest.raises(openai.APIError, match="cut off"):
            heard.extend(chunk.choices[0].delta.content for chunk in stream)
    assert heard == ["", "a", " b"]
    whole = served.post(chat("one"), x_echo_cut_after="0")
    assert (whole.status_code, whole.json()["error"]["code"]) == (502, "upstream_truncated")


def test_echo_stalls_where_it_is_told(served: Deployed) -> None:
    """F-06: for as long as call.idle lets it."""
    told = served.post(chat("one", "a b c d e", stream=True), x_echo_stall_after="2", x_request_id="stalled")
    assert told.content.count(b"data: ") == 3
    assert b"upstream_stalled" in told.content
    assert served.row("stalled")["error_type"] == "upstream_stalled"
    whole = served.post(chat("one"), x_echo_stall_after="0")
    assert (whole.status_code, whole.json()["error"]["code"]) == (504, "upstream_stalled")


def test_a_wish_that_echo_does_not_understand_is_refused(served: Deployed) -> None:
    for name, value in (("fail", "200"), ("fail", "soon"), ("delay", "5"), ("cut-after", "-1"), ("pace", "")):
        answer = served.post(chat("one"), **{f"x-echo-{name}": value})
        assert answer.status_code == 400
        assert f"x-echo-{name}" in answer.text


def test_echo_obeys_headers_only_where_the_table_says_so(served: Deployed) -> None:
    assert served.post(chat("four"), x_echo_fail="500").status_code == 200


def test_nothing_is_left_under_way(served: Deployed) -> None:
    """Last in this file."""
    until(lambda: served.active() == 0)
