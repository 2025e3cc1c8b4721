"""`forward` with the real command: embeddings by the SDK, a large download, an upload, errors, and keys that stay."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import orjson
import pytest

from tests.tools.deployed import Deployed, deployed, run, until
from tests.tools.fake_upstream import CHUNKED_HEAD, FakeUpstream, Reset, Send, chunk, whole
from tests.tools.raw import Raw
from tests.whole.test_back_pressure import read_chunks

OWN, GATEWAY = "sk-canary-provider-0123456789", "gw-canary-client-0123456789"
TABLE = """
version: 1
server:
  listen: "${LISTEN}"
  limits: {body: 4MiB}
providers:
  openai: {kind: openai, keys: ["${KEY}"], base_url: "${UP}/v1", allow_private: true}
  httpx: {kind: openai, keys: ["${KEY}"], base_url: "${UP}/v1", allow_private: true, transport: httpx}
  anthropic: {kind: anthropic, keys: ["${KEY}"], base_url: "${UP}", allow_private: true}
  gemini: {kind: gemini, keys: ["${KEY}"], base_url: "${UP}/v1beta", allow_private: true}
models: [{name: small, provider: openai, model: text-embedding-3-small}]
pipelines:
  openai: [auth: &door {keys: ["${GATEWAY_KEY}"]}, forward: {to: openai, below: /v1, idle: 500ms}, log]
routes:
  - {match: "POST /v1/embeddings", speaks: openai_chat, pipeline: openai}
  - {match: "POST /v1/audio/{rest...}", speaks: openai_chat, pipeline: openai}
  - {match: "GET|POST /v1/files", speaks: openai_chat, pipeline: openai}
  - {match: "GET|DELETE /v1/files/{rest...}", speaks: openai_chat, pipeline: openai}
  - match: "POST /named/v1/embeddings"
    speaks: openai_chat
    pipeline: [auth: *door, forward: {by: model, below: /named/v1}, log]
  - match: "GET|POST /httpx/v1/{rest...}"
    speaks: openai_chat
    pipeline: [auth: *door, forward: {to: httpx, path: "/{rest}"}, log]
  - match: "POST /anthropic/v1/messages/count_tokens"
    speaks: anthropic_messages
    pipeline: [auth: *door, forward: {to: anthropic, below: /anthropic}, log]
  - match: "POST /gemini/{version}/models/{model}:countTokens"
    speaks: gemini_generate
    pipeline: [auth: *door, forward: {to: gemini, path: "/models/{model}:countTokens"}, log]
  - {match: "GET /metrics", pipeline: [metrics]}
"""
JSON = b"content-type: application/json"
VECTOR = {"object": "embedding", "index": 0, "embedding": [0.5, 0.25]}
EMBEDDING = {
    "object": "list",
    "model": "text-embedding-3-small",
    "data": [VECTOR],
    "usage": {"prompt_tokens": 1, "total_tokens": 1},
}
FILE = {
    "id": "file-1",
    "object": "file",
    "bytes": 3,
    "created_at": 1,
    "filename": "a.bin",
    "purpose": "batch",
    "status": "processed",
}
PIECE = bytes(range(256)) * 256  # 64 KiB that is no text
COUNT = 50 * 16  # 50 MiB of it
DOWNLOAD_HEAD = CHUNKED_HEAD.replace(b"text/event-stream", b"application/octet-stream")
DOWNLOAD_HEAD = DOWNLOAD_HEAD.replace(b"\r\n\r\n", b'\r\ncontent-disposition: attachment; filename="a.bin"\r\n\r\n')
# What the system's own buffers may hold on the way (see test_back_pressure).
IN_BUFFERS = 20 * 1024 * 1024


def refusal(status: int) -> list[Any]:
    says = {"error": {"message": f"no, {OWN} may not", "type": "invalid_request_error", "param": None, "code": None}}
    return whole(orjson.dumps(says), status, JSON)


ANSWERS: dict[bytes, list[Any]] = {
    b"/v1/embeddings": whole(orjson.dumps(EMBEDDING), 200, JSON, b"x-request-id: up-1", b"set-cookie: a=b"),
    b"/v1/audio/speech": whole(PIECE, 200, b"content-type: audio/mpeg"),
    b"/v1/audio/transcriptions": whole(b'{"text":"hello"}', 200, JSON),
    b"/v1/files": whole(orjson.dumps(FILE), 200, JSON),
    b"/v1/files/large/content": [Send(DOWNLOAD_HEAD), *[Send(chunk(PIECE))] * COUNT, Send(b"0\r\n\r\n")],
    b"/v1/files/broken/content": [Send(DOWNLOAD_HEAD), Send(chunk(PIECE)), Reset()],
    b"/v1/files/headed": [Send(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n" + JSON + b"\r\n\r\n")],
    b"/v1/files/none": refusal(404),
    b"/v1/files/full": refusal(429),
    b"/v1/files/secret": refusal(401),
    b"/v1/files/moved": whole(b"", 307, b"location: http://127.0.0.1:1/"),
    b"/v1/files/file-1": whole(b'{"id":"file-1","object":"file","deleted":true}', 200, JSON),
    b"/v1/images/generations": whole(b'{"created":1,"data":[{"b64_json":"eA=="}]}', 200, JSON),
    b"/v1/moderations": whole(b'{"id":"modr-1","model":"m","results":[]}', 200, JSON),
    b"/v1/batches": whole(b'{"object":"list","data":[],"has_more":false}', 200, JSON),
    b"/v1/messages/count_tokens": whole(b'{"input_tokens":7}', 200, JSON),
    b"/v1beta/models/gemini-x:countTokens": whole(b'{"totalTokens":7}', 200, JSON),
}


def answer_to(request: bytes) -> list[Any]:
    path = request.split(b" ", 2)[1].partition(b"?")[0]
    return ANSWERS.get(path) or whole(b"{}", 418, JSON)


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeUpstream]:
    with FakeUpstream(choose=answer_to) as it:
        yield it


@pytest.fixture(scope="module")
def served(provider: FakeUpstream) -> Iterator[Deployed]:
    with deployed(TABLE, UP=f"http://127.0.0.1:{provider.port}", KEY=OWN, GATEWAY_KEY=GATEWAY) as it:
        yield it


@pytest.fixture
def sdk(served: Deployed) -> Iterator[openai.OpenAI]:
    with served.sdk(key=GATEWAY) as client:
        yield client


def test_embeddings_by_the_sdk(served: Deployed, provider: FakeUpstream, sdk: openai.OpenAI) -> None:
    raw = sdk.embeddings.with_raw_response.create(model="text-embedding-3-small", input="hi")
    assert raw.parse().data[0].embedding == [0.5, 0.25]
    assert raw.headers["x-upstream-request-id"] == "up-1"
    assert "set-cookie" not in raw.headers
    row = served.row(raw.headers["x-request-id"])
    assert (row["provider"], row["status_code"], row["attempts"], row["model"]) == ("openai", 200, 1, None)
    assert row["bytes_in"] > 0
    assert row["bytes_out"] == len(orjson.dumps(EMBEDDING))
    assert b'"model":"text-embedding-3-small"' in provider.requests[-1].replace(b" ", b"")
    assert served.figure("engine_upstream_attempts_total", provider="openai", code="ok") >= 1


def test_the_name_of_a_model_may_decide(served: Deployed, provider: FakeUpstream) -> None:
    answer = served.post(
        {"model": "small", "input": "hi"}, "/named/v1/embeddings", x_api_key=GATEWAY, content_type="application/json"
    )
    assert answer.json() == EMBEDDING
    assert b'"text-embedding-3-small"' in provider.requests[-1]
    assert served.row(answer.headers["x-request-id"])["model"] == "small"
    answer = served.post({"model": "unheard"}, "/named/v1/embeddings", x_api_key=GATEWAY)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "unknown_model")


def test_no_key_of_the_client_travels(served: Deployed, provider: FakeUpstream, sdk: openai.OpenAI) -> None:
    """I2"""
    sdk.embeddings.create(
        model="m", input="hi", extra_query={"key": GATEWAY, "b": "1"}, extra_headers={"cookie": f"a={GATEWAY}"}
    )
    request = provider.requests[-1]
    assert request.startswith(b"POST /v1/embeddings?b=1 HTTP/1.1\r\n")
    assert GATEWAY.encode() not in request
    assert request.lower().count(b"authorization: bearer " + OWN.encode()) == 1
    assert request.lower().count(b"content-type:") == 1


def test_an_upload_arrives_as_it_was_sent(provider: FakeUpstream, sdk: openai.OpenAI) -> None:
    content = PIECE * 40
    assert sdk.files.create(file=("a.bin", content), purpose="batch").id == "file-1"
    head, _, body = provider.requests[-1].partition(b"\r\n\r\n")
    assert b"content-type: multipart/form-data; boundary=" in head.lower()
    assert content in body
    assert sdk.audio.transcriptions.create(file=("a.mp3", PIECE), model="whisper-1").text == "hello"


def test_an_upload_beyond_the_limit_is_refused(served: Deployed, provider: FakeUpstream, sdk: openai.OpenAI) -> None:
    before = len(provider.requests)
    with pytest.raises(openai.APIStatusError) as caught:
        sdk.files.create(file=("a.bin", b"x" * (5 * 1024 * 1024)), purpose="batch")
    assert caught.value.status_code == 413
    assert len(provider.requests) == before
    assert served.process.poll() is None


def test_bytes_come_back_as_they_are(sdk: openai.OpenAI) -> None:
    spoken = sdk.audio.speech.create(model="tts-1", voice="alloy", input="hi")
    assert spoken.response.headers["content-type"] == "audio/mpeg"
    assert spoken.content == PIECE
    assert sdk.files.delete("file-1").deleted is True


def idle_reader(served: Deployed, path: str, request_id: str, method: str = "GET") -> socket.socket:
    """A client that has asked and takes nothing."""
    raw = run(Raw.open(served.address, receive_buffer=4096))
    raw.sock.setblocking(True)
    raw.sock.settimeout(20)
    fields = f"host: x\r\nconnection: close\r\nauthorization: Bearer {GATEWAY}\r\nx-request-id: {request_id}\r\n\r\n"
    raw.sock.sendall(f"{method} {path} HTTP/1.1\r\n{fields}".encode())
    return raw.sock


def stands_still(provider: FakeUpstream, before: int) -> int:
    """Waits until nothing moves any more; how many bytes the provider could get rid of."""
    at, since = -1, time.monotonic()

    def still() -> bool:
        nonlocal at, since
        if (now := sum(len(entry.data) for entry in provider.journal[before:] if entry.what == "write")) != at:
            at, since = now, time.monotonic()
        return at > len(PIECE) and time.monotonic() - since > 0.6

    until(still, 20)
    return at


@pytest.mark.parametrize("way", ["/v1", "/httpx/v1"])
def test_a_large_download_is_held_back_and_nothing_is_lost(served: Deployed, provider: FakeUpstream, way: str) -> None:
    """F-32: for longer than `idle`, too: the wait is the client's."""
    before, memory = len(provider.journal), served.figure("process_resident_memory_bytes")
    name = f"large-{way.count('/')}"
    with idle_reader(served, f"{way}/files/large/content", name) as sock:
        assert stands_still(provider, before) < IN_BUFFERS
        assert served.figure("process_resident_memory_bytes") - memory < 16 * 1024 * 1024
        (size, _), framing = read_chunks(sock)
    assert (size, framing) == (len(PIECE) * COUNT, True)
    row = served.row(name)
    assert (row["bytes_out"], row["error_type"], row["streaming"]) == (size, None, True)


def test_a_download_that_breaks_does_not_look_whole(served: Deployed) -> None:
    """F-07"""
    with idle_reader(served, "/v1/files/broken/content", "broken") as sock:
        received = b"".join(iter(lambda: sock.recv(65536), b""))
    assert not received.endswith(b"0\r\n\r\n")
    assert b'content-disposition: attachment; filename="a.bin"' in received
    assert served.row("broken")["error_type"] == "upstream_truncated"


@pytest.mark.parametrize(
    ("name", "status", "said", "kind"),
    [
        ("none", 404, "no, *** may not", "upstream_refused"),
        ("full", 429, "no, *** may not", "upstream_rate_limit"),
        ("secret", 502, "the provider refused the gateway's credential", "upstream_auth"),
        ("moved", 502, "the provider answered with a redirect, which is not followed", "upstream_redirect"),
    ],
)
def test_errors(served: Deployed, name: str, status: int, said: str, kind: str) -> None:
    """F-15, F-16"""
    for way in ("/v1", "/httpx/v1"):
        answer = served.get(f"{way}/files/{name}", x_api_key=GATEWAY)
        assert (answer.status_code, answer.json()["error"]["message"]) == (status, said)
        assert OWN not in answer.text
        assert served.row(answer.headers["x-request-id"])["error_type"] == kind


def test_without_a_key_nothing_is_asked(served: Deployed, provider: FakeUpstream) -> None:
    before = len(provider.requests)
    assert served.get("/v1/files").status_code == 401
    assert served.get("/v1/files/%2e%2e/organization", x_api_key=GATEWAY).status_code == 404
    assert len(provider.requests) == before


def test_counts_of_tokens_in_other_formats(served: Deployed, provider: FakeUpstream) -> None:
    json = {"x_api_key": GATEWAY, "content_type": "application/json"}
    assert served.post({}, "/anthropic/v1/messages/count_tokens", **json, anthropic_beta="b-1").json() == {"input_tokens": 7}
    head = provider.requests[-1].lower()
    assert b"anthropic-version: " in head
    assert b"anthropic-beta: b-1" in head
    assert f"x-api-key: {OWN}".encode() in head
    assert served.post({}, "/gemini/v1beta/models/gemini-x:countTokens", **json).json() == {"totalTokens": 7}
    assert f"x-goog-api-key: {OWN}".encode() in provider.requests[-1].lower()


def test_a_head_has_no_body(served: Deployed, provider: FakeUpstream) -> None:
    before = provider.count("accept")
    for _ in range(2):
        with idle_reader(served, "/v1/files/headed", "headed", "HEAD") as sock:
            received = b"".join(iter(lambda: sock.recv(65536), b""))
        assert received.startswith(b"HTTP/1.1 200 OK\r\n")
        assert received.endswith(b"\r\n\r\n")
        assert provider.requests[-1].startswith(b"HEAD /v1/files/headed ")
    assert provider.count("accept") - before <= 1, "its connection is used again"


def test_the_shipped_table_needs_no_second_base_url(provider: FakeUpstream) -> None:
    table = (Path(__file__).parents[2] / "routes.yaml").read_text()
    with deployed(table, OPENAI_BASE_URL=f"http://127.0.0.1:{provider.port}/v1", OPENAI_API_KEY=OWN) as served:
        with served.sdk() as sdk:
            assert sdk.embeddings.create(model="m", input="hi").data[0].embedding == [0.5, 0.25]
            images = sdk.images.generate(model="m", prompt="x").data
            assert images is not None
            assert images[0].b64_json == "eA=="
            assert sdk.moderations.create(input="x").id == "modr-1"
            assert sdk.batches.list().data == []
            assert sdk.files.delete("file-1").deleted is True
            assert sdk.audio.speech.create(model="m", voice="alloy", input="x").content == PIECE
        answer = served.post({}, "/v1/messages/count_tokens")
        assert (answer.status_code, answer.json()["type"]) == (503, "error"), "its provider has no key; told in its format"
