"""Show 1: the shipped table on a fresh machine, spoken to by the openai SDK against the real command."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import openai
import pytest

from tests.tools.gateway import Gateway, gateway

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Weather in a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


@pytest.fixture(scope="module")
def running() -> Iterator[Gateway]:
    with gateway() as it:
        yield it


@pytest.fixture
def client(running: Gateway) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{running.url}/v1", api_key="none", max_retries=0) as it:
        yield it


def test_an_answer(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model="echo", messages=[{"role": "user", "content": "Hello, gateway"}])
    assert "Hello, gateway" in (answer.choices[0].message.content or "")
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0


def test_a_stream(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(
        model="echo",
        messages=[{"role": "user", "content": "one two three four"}],
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    words = [c.choices[0].delta.content for c in chunks if c.choices and c.choices[0].delta.content]
    assert len(words) > 3, "word by word, not at once"
    assert "one two three four" in "".join(words)
    assert chunks[-1].usage is not None
    assert len({chunk.id for chunk in chunks}) == 1


def test_a_tool_call_and_the_turn_after_it(client: openai.OpenAI) -> None:
    question = {"role": "user", "content": "Use get_weather for Paris"}
    first = client.chat.completions.create(model="echo", messages=[question], tools=[WEATHER])  # type: ignore[list-item]
    (call,) = first.choices[0].message.tool_calls or []
    assert first.choices[0].finish_reason == "tool_calls"
    assert call.function.name == "get_weather"  # type: ignore[union-attr]
    assert "city" in call.function.arguments  # type: ignore[union-attr]
    result = {"role": "tool", "tool_call_id": call.id, "content": "21 degrees"}
    messages = [question, first.choices[0].message.model_dump(exclude_none=True), result]
    second = client.chat.completions.create(model="echo", messages=messages, tools=[WEATHER])  # type: ignore[arg-type,list-item]
    assert "21 degrees" in (second.choices[0].message.content or "")


def test_a_streamed_tool_call(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(
        model="echo", stream=True, tools=[WEATHER], tool_choice="required", messages=[{"role": "user", "content": "Paris"}]
    )  # type: ignore[call-overload]
    deltas = [d for c in stream for ch in c.choices for d in ch.delta.tool_calls or []]
    assert deltas[0].function.name == "get_weather"
    assert {d.index for d in deltas} == {0}
    assert "city" in "".join(d.function.arguments or "" for d in deltas)


def test_a_model_without_a_key_names_the_variable(client: openai.OpenAI) -> None:
    with pytest.raises(openai.InternalServerError) as caught:
        client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "hi"}])
    assert caught.value.status_code == 503
    assert "OPENAI_API_KEY" in str(caught.value)


def test_bad_input_is_the_sdks_bad_request(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="echo", messages="hello")  # type: ignore[call-overload]
    assert "messages" in str(caught.value)


def test_models_are_listed(client: openai.OpenAI) -> None:
    ids = [model.id for model in client.models.list()]
    assert "echo" in ids
    assert "smart" in ids


def test_one_id_in_header_log_and_error(running: Gateway) -> None:
    with httpx.Client(base_url=running.url) as http:
        bad = http.post("/v1/chat/completions", content=b"{", headers={"x-request-id": "mine-1"})
    assert bad.status_code == 400
    assert bad.headers["x-request-id"] == "mine-1"
    assert "mine-1" in bad.text
    row = running.log_row("mine-1")
    assert row["status_code"] == 400
    assert row["error_type"] == "invalid_json"


def test_the_log_row_of_a_stream(running: Gateway, client: openai.OpenAI) -> None:
    asked = client.with_options(default_headers={"x-request-id": "mine-2"})
    list(asked.chat.completions.create(model="echo", stream=True, messages=[{"role": "user", "content": "a b c"}]))
    row = running.log_row("mine-2")
    assert row["route"] == "POST /v1/chat/completions"
    assert row["streaming"] is True
    assert row["provider"] == "echo"
    assert row["model"] == "echo"
    assert row["attempts"] == 1
    assert row["status_code"] == 200
    assert row["duration_ms"] >= row["upstream_ms"] >= 0
    assert {"timestamp", "level", "message", "format", "tokens", "bytes_out", "caller"} <= set(row)


def test_health_metrics_and_unknown_paths(running: Gateway) -> None:
    with httpx.Client(base_url=running.url) as http:
        assert http.get("/health").json()["status"] == "healthy"
        metrics = http.get("/metrics").text
        lost = http.post("/v1/chat/complete", json={})
        wrong = http.get("/v1/chat/completions")
    assert "engine_requests_total{" in metrics
    assert lost.status_code == 404
    assert lost.json()["error"]["type"] == "invalid_request_error"
    assert wrong.status_code == 405
    assert wrong.headers["allow"] == "POST"
