"""F-32: a client that does not read holds its provider back, and nobody's memory grows; then every byte arrives."""

from __future__ import annotations

import hashlib
import socket
import time
from collections.abc import Iterator

import orjson
import pytest

from tests.tools.deployed import CHAT, Deployed, chat, deployed, run, until
from tests.tools.fake_upstream import CHUNKED_HEAD, Send, chunk
from tests.tools.raw import Raw
from tests.tools.scripted import EVENTS, Scripted
from tests.tools.serving import post

TABLE = """
version: 1
server:
  listen: "${LISTEN}"
  timeouts: {write: WRITE}
providers:
  h11: {kind: openai, keys: ["${KEY}"], base_url: "${UP}", allow_private: true}
  httpx: {kind: openai, keys: ["${KEY}"], base_url: "${UP}", allow_private: true, transport: httpx}
models: [{name: "h11-*", provider: h11}, {name: "httpx-*", provider: httpx}]
pipelines:
  chat: [decode, {select: {by: model}}, {call: {idle: 200ms}}, convert, log]
routes:
  - {match: "POST /v1/chat/completions", speaks: openai_chat, pipeline: chat, public: true}
  - {match: "GET /metrics", pipeline: [metrics]}
"""
# 50 MB of events in pieces of 64 KiB.
EVENT = b'data: {"model":"m","choices":[{"index":0,"delta":{"content":"' + b"x" * 65_472 + b'"}}]}\n\n'
COUNT = 50 * 1024 * 1024 // len(EVENT)
END = EVENTS[-2] + EVENTS[-1]
WHOLE = len(EVENT) * COUNT + len(END)
SCRIPT = [Send(CHUNKED_HEAD), *[Send(chunk(EVENT))] * COUNT, Send(chunk(END) + b"0\r\n\r\n")]
# What the system's own buffers may hold on the way, both connections together: it gives loopback a few MiB each.
IN_BUFFERS = 20 * 1024 * 1024


@pytest.fixture(scope="module")
def provider() -> Iterator[Scripted]:
    with Scripted() as it:
        yield it


@pytest.fixture(scope="module")
def served(provider: Scripted) -> Iterator[Deployed]:
    with deployed(TABLE.replace("WRITE", "20s"), UP=provider.base_url, KEY="sk-canary-0123456789") as it:
        yield it


def idle_reader(served: Deployed, model: str, *fields: str) -> socket.socket:
    """A client that has asked and takes nothing."""
    raw = run(Raw.open(served.address, receive_buffer=4096))
    raw.sock.setblocking(True)
    raw.sock.settimeout(20)
    raw.sock.sendall(post(orjson.dumps(chat(model, stream=True)), CHAT, "connection: close", *fields))
    return raw.sock


def stands_still(provider: Scripted, *models: str) -> int:
    """Waits until nothing moves any more; how many bytes the provider could get rid of."""
    at, since = -1, time.monotonic()

    def still() -> bool:
        nonlocal at, since
        sent = [sum(len(entry.data) for entry in provider.of(model) if entry.what == "write") for model in models]
        if (now := sum(sent)) != at:
            at, since = now, time.monotonic()
        return min(sent) > len(EVENT) and time.monotonic() - since > 0.2

    until(still, 20)
    return at


@pytest.mark.parametrize("kind", ["h11", "httpx"])
def test_the_provider_is_held_back_and_nothing_is_lost(served: Deployed, provider: Scripted, kind: str) -> None:
    """F-32: also, the wait is the client's, so that the provider's silence of more than call.idle is no stall."""
    model = provider.play(f"{kind}-large", SCRIPT)
    served.post(chat(f"{kind}-quick"))  # what a first call makes is no growth
    memory = served.figure("process_resident_memory_bytes")
    with idle_reader(served, model, f"x-request-id: {model}") as sock:
        assert stands_still(provider, model) < IN_BUFFERS
        assert served.figure("process_resident_memory_bytes") - memory < 16 * 1024 * 1024
        body, framing = read_chunks(sock)
    assert body == (WHOLE, hashlib.blake2b(EVENT * COUNT + END).digest())
    assert framing
    row = served.row(model)
    assert (row["bytes_out"], row["error_type"], row["status_code"]) == (WHOLE, None, 200)


def read_chunks(sock: socket.socket) -> tuple[tuple[int, bytes], bool]:
    """((how many body bytes, their digest), did the last chunk come?), without holding all of it."""
    file = sock.makefile("rb", buffering=1024 * 1024)
    while file.readline() != b"\r\n":
        pass
    seen, digest = 0, hashlib.blake2b()
    while size := int(file.readline(), 16):
        data = file.read(size)
        seen += len(data)
        digest.update(data)
        assert file.readline() == b"\r\n"
    end = file.read()
    file.close()
    return (seen, digest.digest()), end == b"\r\n"


def test_many_that_do_not_read_cost_little_each(served: Deployed, provider: Scripted) -> None:
    """F-32: and one who reads is served meanwhile."""
    memory = served.figure("process_resident_memory_bytes")
    models = [provider.play(f"h11-stuck-{n}", SCRIPT) for n in range(8)]
    readers = [idle_reader(served, model) for model in models]
    try:
        stands_still(provider, *models)
        grown = served.figure("process_resident_memory_bytes") - memory
        assert grown < len(models) * 1024 * 1024
        assert served.post(chat("h11-quick")).status_code == 200
    finally:
        for reader in readers:
            reader.close()
    for model in models:
        provider.saw_of(model, "eof", "rst", "failed")
    until(lambda: served.active() == 0)


def test_who_takes_nothing_for_long_is_let_go(provider: Scripted) -> None:
    """F-32: after timeouts.write both sides are dropped."""
    with deployed(TABLE.replace("WRITE", "150ms"), UP=provider.base_url, KEY="sk-canary-0123456789") as served:
        model = provider.play("h11-never", SCRIPT)
        with idle_reader(served, model, "x-request-id: never"):
            provider.saw_of(model, "eof", "rst", "failed")
            row = served.row("never")
            assert row["status_code"] == 200
            assert row["error_type"] == "client_gone"
            until(lambda: served.active() == 0)
