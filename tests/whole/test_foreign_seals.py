"""A conversation that another provider answered goes on at a provider of the client's own format: what the other one sealed
would be refused there, so it is taken out; everything else arrives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from engine.chat import Seal
from engine.formats.seals import carry
from tests.tools.deployed import Deployed, deployed
from tests.tools.fake_upstream import FakeUpstream, whole

TABLE = """
version: 1
server: {listen: "${LISTEN}"}
providers:
  claude: {kind: anthropic, keys: ["${KEY}"], base_url: "${UP}", allow_private: true}
default: {provider: claude}
routes:
  - {match: "POST /v1/messages", speaks: anthropic_messages, public: true,
     pipeline: [decode, {select: {by: model}}, call, convert, log]}
"""
ANSWER = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-4-5",
    "content": [{"type": "text", "text": "ok"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 1, "output_tokens": 1},
}


@pytest.fixture
def upstream() -> Iterator[FakeUpstream]:
    with FakeUpstream(whole(orjson.dumps(ANSWER), 200, b"content-type: application/json")) as it:
        yield it


@pytest.fixture
def served(upstream: FakeUpstream) -> Iterator[Deployed]:
    with deployed(TABLE, UP=f"http://127.0.0.1:{upstream.port}", KEY="sk-ant-canary") as it:
        yield it


def request(signature: str) -> dict[str, Any]:
    call = {"type": "tool_use", "id": "call_1", "name": "look", "input": {"at": "x"}}
    return {
        "model": "claude-sonnet-4-5",
        "max_tokens": 100,
        "tools": [{"name": "look", "input_schema": {"type": "object", "properties": {}}}],
        "messages": [
            {"role": "user", "content": "look"},
            {"role": "assistant", "content": [{"type": "thinking", "thinking": "", "signature": signature}, call]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "call_1", "content": "y"}]},
        ],
    }


def sent(upstream: FakeUpstream) -> dict[str, Any]:
    told: dict[str, Any] = orjson.loads(upstream.requests[-1].partition(b"\r\n\r\n")[2])
    return told


def test_what_another_provider_sealed_does_not_go_up(served: Deployed, upstream: FakeUpstream) -> None:
    foreign = carry(Seal("gemini_generate", "U0lH"), "anthropic_messages")
    answer = served.post(request(foreign), "/v1/messages")
    assert answer.status_code == 200
    assert answer.json()["content"] == ANSWER["content"]
    assert answer.headers["x-gateway-warnings"] == "dropped=thinking"
    assistant = sent(upstream)["messages"][1]["content"]
    assert [block["type"] for block in assistant] == ["tool_use"]
    assert sent(upstream)["messages"][2]["content"][0]["tool_use_id"] == "call_1"


def test_its_own_seal_passes_byte_for_byte(served: Deployed, upstream: FakeUpstream) -> None:
    body = orjson.dumps(request("EqQBCkYI"))
    assert served.post(body, "/v1/messages").status_code == 200
    assert upstream.requests[-1].endswith(body)
