"""examples/ai-gateway.yaml: routing, errors, retries, what it tells of itself, and how it ends."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import anthropic
import httpx
import openai
import pytest
from google import genai

from tests.tools.deployed import Deployed, deployed, until
from tests.tools.fake_upstream import CHUNKED_HEAD, Close, Reset, Script, Send, Stall, Wait, chunk
from tests.tools.gateway import environment, gateway
from tests.tools.three import (
    KEYS,
    PROVIDERS,
    ROOT,
    TABLE,
    TESTED,
    Document,
    Three,
    answers,
    ask,
    data_of,
    events,
    path_of,
    read,
    reply,
    streamed,
)  # fmt: skip

EXAMPLE = ROOT / "examples/ai-gateway.yaml"
FAILED: Document = {"error": {"message": "boom", "type": "server_error", "param": None, "code": None}}


@pytest.fixture(scope="module")
def three() -> Iterator[Three]:
    with Three() as it:
        yield it


@pytest.fixture(scope="module")
def served(three: Three) -> Iterator[Deployed]:
    with deployed(TESTED, "--listen", "127.0.0.1:0", **three.env) as it:
        yield it


def error_of(answer: httpx.Response, kind: str, status: int) -> str:
    """The message of an error, which must be in the one shape (A31)."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    told = answer.json()
    assert list(told) == ["error"]
    assert list(told["error"]) == ["message", "type", "request_id"]
    assert told["error"]["type"] == kind
    assert told["error"]["request_id"] == answer.headers["x-request-id"]
    return str(told["error"]["message"])


def checked(*, text: str = TABLE, env: dict[str, str], folder: Path) -> str:
    """What `engine check` says of the example, or of a change of it, and its exit code."""
    (folder / "routes.yaml").write_text(text)
    command = [sys.executable, "-m", "engine", "check", str(folder / "routes.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, env=environment(env), check=False)
    return f"{done.returncode} {done.stdout} {done.stderr}"


# The table: A1 to A8.


def test_the_example_is_good_and_asks_for_keys_of_what_it_uses(tmp_path: Path, three: Three) -> None:
    """A3, A7"""
    told = checked(env={}, folder=tmp_path)
    assert told.startswith("0 ")
    assert all(f"set {name.upper()}_API_KEY" in told for name in PROVIDERS)
    strict = TABLE.replace("${OPENAI_API_KEY:-}", "${OPENAI_API_KEY}")
    assert checked(text=strict, env={}, folder=tmp_path).startswith("1 ")
    assert "OPENAI_API_KEY" in checked(text=strict, env={}, folder=tmp_path)


@pytest.mark.parametrize(
    ("wrote", "instead", "says"),
    [
        ("version: 1", "", "version"),
        ("version: 1", "version: 2", "version"),
        ("name: gpt-4,", "", "name"),
        ("name: gpt-4o-mini,", "name: gpt-4,", "gpt-4"),
        ("provider: openai,", "provider: mistral,", "mistral"),
        ("# default: {provider: openai}", "default: {provider: b}", "`b`"),
        ("# default: {model: gpt-4}", "default: {model: b}", "`b`"),
        ("description:", "descripton:", "description"),
    ],
)
def test_a_wrong_table_is_refused(tmp_path: Path, wrote: str, instead: str, says: str) -> None:
    """A4, A5"""
    assert wrote in TABLE
    told = checked(text=TABLE.replace(wrote, instead, 1), env={}, folder=tmp_path)
    assert told.startswith("1 ")
    assert says in told


@pytest.mark.parametrize("url", ["api.example", "ftp://api.example", "https://", "https:///pre"])
def test_a_wrong_base_url_is_refused(tmp_path: Path, url: str) -> None:
    """A3, B5.9"""
    assert checked(env={"OPENAI_BASE_URL": url, "OPENAI_API_KEY": "sk-0123456789abc"}, folder=tmp_path).startswith("1 ")


def test_flags_and_the_file_of_variables(tmp_path: Path, three: Three) -> None:
    """A1, A2: the process's own environment wins over the file."""
    lines = [f"{name}={value}" for name, value in three.env.items()] + ["PROXY_LISTEN_ADDR=127.0.0.1:0", "LOG_LEVEL=error"]
    (tmp_path / "keys.env").write_text("\n".join(lines))
    with gateway(EXAMPLE, "--env-file", str(tmp_path / "keys.env"), LOG_LEVEL="info") as running:
        assert not [line for line in running.said if "unavailable" in line]
        answer = httpx.post(f"{running.url}/openai/v1/chat/completions", json=ask("openai", "gpt-4"))
        assert answer.json()["choices"][0]["message"]["content"] == "Hello world"
        assert running.log_row(answer.headers["x-request-id"])["provider"] == "openai"


# Routing: A9 to A13.


def test_three_families_of_paths_and_nothing_else(served: Deployed) -> None:
    """A9, A40: no CORS."""
    for version in ("v1", "v1beta"):
        answer = served.post(ask("gemini", ""), f"/gemini/{version}/models/o-paths:generateContent")
        assert read("gemini", answer.json()).text == "Hello world"
        assert not [name for name in answer.headers if name.startswith("access-control")]
    for path in ("/gemini/v2/models/m:generateContent", "/gemini/v1/models/m:countTokens", "/openai/v1/other", "/nowhere"):
        error_of(served.post(ask("gemini", ""), path), "invalid_request", 404)
    for client in PROVIDERS:
        wrong = served.get(path_of(client, "m"))
        error_of(wrong, "invalid_request", 405)
        assert wrong.headers["allow"] == "POST"


@pytest.mark.parametrize("client", PROVIDERS)
def test_an_unknown_model_is_a_400(served: Deployed, client: str) -> None:
    """A11"""
    said = error_of(served.post(ask(client, "gpt-9"), path_of(client, "gpt-9")), "unknown_model", 400)
    assert "gpt-9" in said


def test_a_request_without_a_model_names_none(served: Deployed) -> None:
    """A11"""
    body = {key: value for key, value in ask("openai", "").items() if key != "model"}
    error_of(served.post(body, path_of("openai", "")), "unknown_model", 400)


def test_the_default_provider_takes_other_names_as_they_are(three: Three) -> None:
    """A11: its name too goes on as the client gave it."""
    text = TABLE.replace("# default: {provider: openai}", "default: {provider: openai}")
    with deployed(text, "--listen", "127.0.0.1:0", **three.env) as it:
        answer = it.post(ask("anthropic", "made-up-one"), path_of("anthropic", ""))
        assert read("anthropic", answer.json()).text == "Hello world"
        assert it.post(ask("anthropic", "gpt-4"), path_of("anthropic", "")).status_code == 200
        assert it.figure("proxy_requests_total", model="other", provider="openai", status="success") == 1
    (sent,) = three.sent("made-up-one")
    assert sent.path.startswith("/openai/")


def test_the_default_model_replaces_other_names(three: Three) -> None:
    """A11: wherever it is."""
    text = TABLE.replace("# default: {model: gpt-4}", "default: {model: gemini-1.5-pro}")
    with deployed(text, "--listen", "127.0.0.1:0", **three.env) as it:
        assert it.post(ask("openai", "made-up-two"), path_of("openai", "")).status_code == 200
        assert it.post(ask("openai", ""), path_of("openai", "")).status_code == 200
    assert not three.sent("made-up-two")
    assert len(three.sent("gemini-1.5-pro")) == 2


# Errors: A31 to A33.


@pytest.mark.parametrize(
    ("status", "kind", "seen"),
    [
        (400, "invalid_request", 400),
        (404, "invalid_request", 404),
        (422, "invalid_request", 422),
        (401, "auth", 502),
        (403, "auth", 502),
        (429, "rate_limit", 429),
        (500, "server_error", 502),
        (503, "server_error", 503),
    ],
)
@pytest.mark.parametrize("client", PROVIDERS)
def test_what_a_provider_refuses_has_its_type_and_status(
    served: Deployed, three: Three, client: str, status: int, kind: str, seen: int
) -> None:
    """A31, A32, W-A7: in the one shape, same format or not; the gateway's own key refused is not the client's 401."""
    model = three.play(f"o-status-{client}-{status}", reply(FAILED, status, b"retry-after: 60"))
    answer = served.post(ask(client, model), path_of(client, model))
    said = error_of(answer, kind, seen)
    if kind == "invalid_request":
        assert "boom" in said
    if status == 429:
        assert answer.headers["retry-after"] == "60"
    assert not any(key in answer.text for key in KEYS.values())


@pytest.mark.parametrize(
    ("script", "kind", "seen"),
    [([Reset()], "network", 502), ([Close()], "network", 502), (reply(b"<html>"), "server_error", 502)],
)
def test_a_broken_way_to_a_provider(served: Deployed, three: Three, script: Script, kind: str, seen: int) -> None:
    """A32"""
    model = three.play(f"o-broken-{kind}-{len(str(script))}", script)
    error_of(served.post(ask("openai", model), path_of("openai", "")), kind, seen)


def test_what_is_malformed(served: Deployed) -> None:
    """A31, W-A11: garbage after the JSON too."""
    good = b'{"model":"gpt-4","messages":[]}'
    for body in (b"", b"{", b"[]", good + b" garbage", good.replace(b'"gpt-4"', b"5"), b'{"model":"gpt-4"}'):
        error_of(served.post(body, path_of("openai", "")), "invalid_request", 400)


def test_a_body_has_a_limit(three: Three) -> None:
    """W-A11"""
    with deployed(TABLE.replace("50MiB", "10KiB"), "--listen", "127.0.0.1:0", **three.env) as it:
        error_of(it.post(ask("openai", "gpt-4", "x" * 20_000), path_of("openai", "")), "invalid_request", 413)


def test_sdks_raise_what_they_should(served: Deployed, three: Three) -> None:
    """W-A7, W-A16: by the status, with the message."""
    three.play("a-sdk", reply(FAILED, 429, b"retry-after: 60"))
    with served.sdk("/openai/v1") as client:
        with pytest.raises(openai.RateLimitError):
            client.chat.completions.create(model="a-sdk", messages=[{"role": "user", "content": "hi"}])
        with pytest.raises(openai.BadRequestError, match="gpt-9"):
            client.chat.completions.create(model="gpt-9", messages=[{"role": "user", "content": "hi"}])


def test_anthropics_sdk_too(served: Deployed, three: Three) -> None:
    """W-A16: also of a stream that breaks."""
    three.play("o-sdk", reply(FAILED, 429, b"retry-after: 60"))
    three.play("o-sdk-cut", streamed(events("openai")[:3]))
    message: list[Any] = [{"role": "user", "content": "hi"}]
    with anthropic.Anthropic(base_url=f"{served.url}/anthropic", api_key="none", max_retries=0) as client:
        with pytest.raises(anthropic.RateLimitError):
            client.messages.create(model="o-sdk", max_tokens=9, messages=message)
        with pytest.raises(anthropic.BadRequestError, match="gpt-9"):
            client.messages.create(model="gpt-9", max_tokens=9, messages=message)
        with (
            client.messages.stream(model="o-sdk-cut", max_tokens=9, messages=message) as stream,
            pytest.raises(anthropic.APIStatusError, match="cut off"),
        ):
            list(stream.text_stream)


def test_googles_sdk_too(served: Deployed, three: Three) -> None:
    """W-A16"""
    three.play("a-sdk-google", reply(FAILED, 429, b"retry-after: 60"))
    options = genai.types.HttpOptions(base_url=f"{served.url}/gemini")
    with genai.Client(api_key="none", http_options=options) as client:
        for model, status, says in (("a-sdk-google", 429, "rate limit"), ("gpt-9", 400, "gpt-9")):
            with pytest.raises(genai.errors.ClientError, match=says) as caught:
                client.models.generate_content(model=model, contents="hi")
            assert caught.value.code == status


def test_a_provider_without_its_key(three: Three) -> None:
    """A7: told at the start and to whoever asks for its models; the others work."""
    env = {name: value for name, value in three.env.items() if name != "GEMINI_API_KEY"}
    with deployed(TABLE, "--listen", "127.0.0.1:0", **env) as it:
        until(lambda: [line for line in it.said if "GEMINI_API_KEY" in line])
        lacking = it.post(ask("openai", "gemini-1.5-pro"), path_of("openai", ""))
        assert "GEMINI_API_KEY" in error_of(lacking, "server_error", 503)
        assert it.post(ask("openai", "gpt-4"), path_of("openai", "")).status_code == 200


# Streams that break: A30.


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("client", PROVIDERS)
def test_a_stream_that_is_cut_is_no_success(served: Deployed, three: Three, client: str, provider: str) -> None:
    """A30, W-A8, W-A15: told in the client's own format, and counted as an error."""
    cut = [Send(CHUNKED_HEAD), Send(chunk(b"".join(events(provider)[:-3] or events(provider)[:1]))), Send(b"0\r\n\r\n")]
    model = three.play(f"{provider[0]}-cut-{client}", cut)
    answer = served.post(ask(client, model, stream=True), path_of(client, model), x_request_id=f"cut-{client}-{provider}")
    assert answer.status_code == 200
    told = data_of(answer.content)
    assert "[DONE]" not in told
    assert "error" in told[-1]
    assert (b"event: error" in answer.content) == (client == "anthropic")
    row = served.row(f"cut-{client}-{provider}")
    assert (row["error_type"], row["level"]) == ("upstream_truncated", "error")


def test_an_error_event_of_a_provider_reaches_the_client(served: Deployed, three: Three) -> None:
    """W-A15"""
    failed = b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"busy"}}\n\n'
    three.play("a-event", streamed([*events("anthropic")[:3], failed]))
    told = data_of(served.post(ask("openai", "a-event", stream=True), path_of("openai", "")).content)
    assert "error" in told[-1]


def test_an_error_before_the_first_byte_is_an_ordinary_one(served: Deployed, three: Three) -> None:
    """A30"""
    three.play("a-early", reply({"type": "error", "error": {"type": "x", "message": "too long"}}, 400))
    said = error_of(served.post(ask("openai", "a-early", stream=True), path_of("openai", "")), "invalid_request", 400)
    assert "too long" in said


# Retries: A34.


@pytest.mark.parametrize(
    ("statuses", "calls", "seen"),
    [([500, 500, 200], 3, 200), ([503, 200], 2, 200), ([400], 1, 400), ([401], 1, 502), ([500], 3, 502)],
)
def test_retries(served: Deployed, three: Three, statuses: list[int], calls: int, seen: int) -> None:
    """A34, B5.7"""
    model = f"o-retry-{'-'.join(map(str, statuses))}"
    three.play(model, *(reply(answers("openai") if status == 200 else FAILED, status) for status in statuses))
    assert served.post(ask("openai", model), path_of("openai", "")).status_code == seen
    moments = three.moments(model)
    assert len(moments) == calls
    waits = [later - earlier for earlier, later in pairwise(moments)]
    assert all(wait < 2.0**number + 1 for number, wait in enumerate(waits)), waits


def test_a_hint_that_is_too_long_is_passed_on_instead(served: Deployed, three: Three) -> None:
    """B5.7"""
    model = three.play("a-hint", reply(FAILED, 429, b"retry-after: 60"))
    answer = served.post(ask("gemini", model), path_of("gemini", model))
    error_of(answer, "rate_limit", 429)
    assert (answer.headers["retry-after"], len(three.sent(model))) == ("60", 1)


def test_who_takes_too_long(three: Three) -> None:
    """A6, A32, B3: the timeout of the table holds, retries included (W-A12)."""
    model = three.play("gpt-4", [Stall()])
    with deployed(TABLE, "--listen", "127.0.0.1:0", **three.env, PROXY_TIMEOUT="200ms") as it:
        began = time.monotonic()
        error_of(it.post(ask("anthropic", model), path_of("anthropic", "")), "timeout", 504)
        assert time.monotonic() - began < 5
    three.forget("gpt-4")


# What it tells of itself: A35 to A38.


def test_health(served: Deployed) -> None:
    """A35"""
    told = served.get("/health").json()
    assert (told["status"], told["models"]) == ("healthy", TESTED.count("- {name:"))
    moment = datetime.strptime(told["timestamp"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert abs(time.time() - moment.timestamp()) < 60


def test_figures_by_format_model_and_provider(served: Deployed, three: Three) -> None:
    """A36, W-A8: failures too; what clients write is no label."""
    good, bad = "claude-3-5-sonnet-20241022", three.play("a-figures", reply(FAILED, 400))
    for _ in range(2):
        served.post(ask("openai", good), path_of("openai", ""))
    served.post(ask("gemini", bad), path_of("gemini", bad))
    served.post(ask("openai", "canary-name"), path_of("openai", ""))
    labels = {"format": "openai", "model": good, "provider": "anthropic"}
    assert served.figure("proxy_requests_total", **labels, status="success") == 2
    assert served.figure("proxy_request_duration_seconds_count", **labels) == 2
    assert served.figure("proxy_request_duration_seconds_bucket", **labels, le="120.0") == 2
    failed = {"format": "gemini", "model": "a-*", "provider": "anthropic"}
    assert served.figure("proxy_requests_total", **failed, status="error") >= 1
    assert served.figure("proxy_errors_total", **failed, error_type="invalid_request") >= 1
    assert served.figure("proxy_errors_total", format="openai", error_type="unknown_model") >= 1
    text = served.get("/metrics").text
    assert "canary" not in text
    assert re.search(r"^process_resident_memory_bytes ", text, re.MULTILINE)


def test_requests_under_way_are_a_gauge(served: Deployed, three: Three) -> None:
    """A36"""
    three.play("a-slow", [Wait(0.5), *reply(answers("anthropic"))])
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(served.post, ask("openai", "a-slow"), path_of("openai", ""))
        until(lambda: served.figure("proxy_active_requests", format="openai", provider="anthropic") == 1)
        assert asking.result().status_code == 200
    until(lambda: served.figure("proxy_active_requests", format="openai", provider="anthropic") == 0)


def test_a_log_row_of_every_request(served: Deployed) -> None:
    """A37"""
    for stream in (False, True):
        served.post(ask("openai", "gpt-4", stream=stream), path_of("openai", ""), x_request_id=f"row-{stream}")
        row = served.row(f"row-{stream}")
        assert {"timestamp", "level", "request_id", "message", "duration_ms", "status_code", "format"} <= set(row)
        assert (row["level"], row["status_code"], row["model"], row["provider"]) == ("info", 200, "gpt-4", "openai")
        assert (row["format"], row["streaming"], row["message"]) == ("openai", stream, "request completed successfully")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", row["timestamp"])
    served.post(ask("openai", "gpt-9"), path_of("openai", ""), x_request_id="row-bad")
    row = served.row("row-bad")
    assert (row["error_type"], row["level"], row["message"]) == ("unknown_model", "warning", "request failed")


def test_request_ids(served: Deployed) -> None:
    """A38: the client's own is kept, unless it would break what it stands in (W-A9)."""
    mine = served.post(ask("openai", "gpt-4"), path_of("openai", ""), x_request_id="my-custom-id")
    assert mine.headers["x-request-id"] == "my-custom-id"
    for given in ({}, {"x_request_id": 'a"b'}):
        answer = served.post(ask("openai", "gpt-9"), path_of("openai", ""), **given)
        assert re.fullmatch(r"req-\d{10}-[0-9a-f]{12}", answer.headers["x-request-id"])
        assert answer.json()["error"]["request_id"] == answer.headers["x-request-id"]


# How it ends: A39.


def test_a_stream_under_way_ends_in_good_order(three: Three) -> None:
    """A39, B5.11: new connections are refused meanwhile."""
    told = events("openai")
    slow = [Send(CHUNKED_HEAD), *(step for event in told for step in (Wait(0.15), Send(chunk(event)))), Send(b"0\r\n\r\n")]
    three.play("gpt-4o-mini", slow)
    with gateway(EXAMPLE, "--listen", "127.0.0.1:0", **three.env) as running:
        body = json.dumps(ask("anthropic", "gpt-4o-mini", stream=True))
        with httpx.stream("POST", f"{running.url}/anthropic/v1/messages", content=body, timeout=30) as answer:
            pieces = answer.iter_bytes()
            first = next(pieces)
            running.process.send_signal(signal.SIGTERM)
            rest = b"".join(pieces)
        assert running.process.wait(30) == 0
        with pytest.raises(OSError), socket.create_connection(("127.0.0.1", int(running.url.rpartition(":")[2])), 2):
            pass
    assert data_of(first + rest)[-1]["type"] == "message_stop"
    three.forget("gpt-4o-mini")
