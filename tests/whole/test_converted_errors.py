"""F-15: a provider that quotes our key, asked by a client of another format: its words reach the client, the key does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from tests.tools.deployed import CHAT, Deployed, chat, deployed
from tests.tools.fake_upstream import CHUNKED_HEAD, FakeUpstream, Send, chunk, whole

KEY = "sk-ant-canary-0123456789"
TABLE = """
version: 1
server: {listen: "${LISTEN}"}
providers:
  claude: {kind: anthropic, keys: ["${KEY}"], base_url: "${UP}", allow_private: true}
default: {provider: claude}
routes:
  - {match: "POST /v1/chat/completions", speaks: openai_chat, public: true,
     pipeline: [decode, {select: {by: model}}, {call: {retries: 0}}, convert, log]}
"""
JSON = b"content-type: application/json"


def refusal(before: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": "invalid_request_error", "message": f"{before}no such thing for {KEY} here"}}


def event(document: dict[str, Any]) -> bytes:
    return chunk(b"event: %b\ndata: %b\n\n" % (document["type"].encode(), orjson.dumps(document)))


START = {"type": "message_start", "message": {"id": "msg_1", "model": "claude", "usage": {"input_tokens": 1}}}
SAID = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "hello"}}
ANSWERS = {
    "refused": whole(orjson.dumps(refusal("")), 400, JSON),
    "refused at length": whole(orjson.dumps(refusal("w" * 270)), 400, JSON),
    "refused within a 200": whole(orjson.dumps(refusal("")), 200, JSON),
    "a stream that begins with it": [Send(CHUNKED_HEAD), Send(event(refusal("")) + b"0\r\n\r\n")],
    "a stream that ends with it": [
        Send(CHUNKED_HEAD),
        Send(event(START)),
        Send(event(SAID)),
        Send(event(refusal("w" * 270)) + b"0\r\n\r\n"),
    ],
}


@pytest.fixture(scope="module")
def upstream() -> Iterator[FakeUpstream]:
    def choose(request: bytes) -> list[Any]:
        asked = orjson.loads(request.partition(b"\r\n\r\n")[2])["messages"][0]["content"][0]["text"]
        return ANSWERS[asked]

    with FakeUpstream(choose=choose) as it:
        yield it


@pytest.fixture(scope="module")
def served(upstream: FakeUpstream) -> Iterator[Deployed]:
    with deployed(TABLE, UP=f"http://127.0.0.1:{upstream.port}", KEY=KEY) as it:
        yield it


@pytest.mark.parametrize("what", ANSWERS)
def test_the_words_arrive_and_the_key_does_not(served: Deployed, what: str) -> None:
    answer = served.post(chat("m", what, stream="stream" in what), CHAT)
    assert "no such thing for" in answer.text
    assert not any(KEY[:many] in answer.text for many in range(8, len(KEY) + 1))
    assert KEY not in orjson.dumps(served.row(answer.headers["x-request-id"])).decode()
