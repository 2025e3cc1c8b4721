"""Show 1, second half: with a key and a base URL set, the same calls reach a provider, byte for byte but for `model`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import openai
import pytest

from tests.tools.gateway import ROOT, Gateway, gateway
from tests.tools.recorder import Recorder, recorder

KEY = "sk-canary-upstream-0123456789"


@pytest.fixture(scope="module")
def upstream() -> Iterator[Recorder]:
    with recorder() as it:
        yield it


@pytest.fixture(scope="module")
def running(upstream: Recorder) -> Iterator[Gateway]:
    with gateway(OPENAI_API_KEY=KEY, OPENAI_BASE_URL=f"{upstream.url}/v1") as it:
        yield it


# Odd on purpose: spacing, order, escapes, unknown fields and number forms must all survive.
BODY = (
    b'{ "temperature" : 1.0e0,"model":"gpt-4o-mini" , '
    b'"messages":[{"role":"user","content":"h\\u00e9llo \\/ \\n"}],"x":{"model":"inner"}}'
)


def test_the_upstream_sees_the_clients_bytes(running: Gateway, upstream: Recorder) -> None:
    answer = httpx.post(f"{running.url}/v1/chat/completions", content=BODY, headers={"authorization": "Bearer mine"})
    assert answer.status_code == 200
    seen = upstream.seen[-1]
    assert seen.body == BODY
    assert seen.path == "/v1/chat/completions"
    assert seen.headers["authorization"] == f"Bearer {KEY}"
    assert "mine" not in str(seen.headers)
    assert answer.content == upstream.answer, "the answer's bytes pass untouched"


def test_only_the_model_changes_where_the_table_renames_it(tmp_path: Path, upstream: Recorder) -> None:
    table = tmp_path / "routes.yaml"
    table.write_text(
        (ROOT / "routes.yaml")
        .read_text()
        .replace('{name: "gpt-*",    provider: openai}', '{name: "gpt-*", provider: openai, model: gpt-9}')
    )
    with gateway(table, OPENAI_API_KEY=KEY, OPENAI_BASE_URL=f"{upstream.url}/v1") as running:
        httpx.post(f"{running.url}/v1/chat/completions", content=BODY).raise_for_status()
    assert upstream.seen[-1].body == BODY.replace(b'"gpt-4o-mini"', b'"gpt-9"')


def test_a_streamed_answer_passes_untouched(running: Gateway, upstream: Recorder) -> None:
    with httpx.stream(
        "POST", f"{running.url}/v1/chat/completions", content=BODY.replace(b'"x":', b'"stream":true,"x":')
    ) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert b"".join(answer.iter_raw()) == upstream.stream
    assert running.process.poll() is None


def test_the_sdk_through_the_proxy(running: Gateway) -> None:
    with openai.OpenAI(base_url=f"{running.url}/v1", api_key="none", max_retries=0) as client:
        answer = client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "hi"}])
        words = [
            chunk.choices[0].delta.content
            for chunk in client.chat.completions.create(
                model="gpt-4o", messages=[{"role": "user", "content": "hi"}], stream=True
            )
            if chunk.choices
        ]
    assert answer.choices[0].message.content == "recorded"
    assert "".join(word or "" for word in words) == "recorded"


def test_no_secret_is_said_or_logged(running: Gateway) -> None:
    answer = httpx.get(f"{running.url}/metrics").text
    rows = "".join(running.logged.queue)
    assert "canary" not in answer + rows + "".join(running.said)
