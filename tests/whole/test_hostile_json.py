"""JSON that is meant to hurt, in the route of every format, through the real command."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.conftest import Measure
from tests.tools.deployed import CHAT, Deployed, chat, deployed, run
from tests.tools.gateway import PATIENCE
from tests.tools.load import posting
from tests.tools.raw import Raw
from tests.tools.running import children_of

TABLE = """
version: 1
server:
  listen: "${LISTEN}"
  limits: {body: 16MiB}
providers:
  echo: {kind: echo}
default: {provider: echo}
pipelines:
  chat: [decode, {select: {by: model}}, call, convert, log]
routes:
  - {match: "POST /v1/chat/completions", speaks: openai_chat, pipeline: chat, public: true}
  - {match: "POST /v1/responses", speaks: openai_responses, pipeline: chat, public: true}
  - {match: "POST /anthropic/v1/messages", speaks: anthropic_messages, pipeline: chat, public: true}
  - {match: "POST /gemini/{version}/models/{model}:generateContent", speaks: gemini_generate, pipeline: chat, public: true}
  - {match: "POST /read/v1/chat/completions", speaks: openai_chat, public: true, pipeline: [decode, {respond: {body: "read"}}]}
  - {match: "GET /metrics", pipeline: [metrics]}
"""
# The members that a good request of each route has.
ROUTES = {
    CHAT: b'"model":"m","messages":[{"role":"user","content":"hi"}]',
    "/v1/responses": b'"model":"m","input":"hi"',
    "/anthropic/v1/messages": b'"model":"m","max_tokens":5,"messages":[{"role":"user","content":"hi"}]',
    "/gemini/v1/models/m:generateContent": b'"contents":[{"role":"user","parts":[{"text":"hi"}]}]',
}
# What stands for the value of a member that nobody knows.
VALUES = {
    "arrays 100,000 deep": b"[" * 100_000 + b"]" * 100_000,
    "objects 100,000 deep": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a byte that is not UTF-8": b'"\xff"',
    "an overlong slash": b'"\xc0\xaf"',
    "a surrogate in UTF-8": b'"\xed\xa0\x80"',
    "a lone surrogate": b'"\\ud800"',
    "half a pair": b'"\\ud83dx"',
    "1e999": b"1e999",
    "-1e999": b"-1e999",
    "NaN": b"NaN",
    "Infinity": b"-Infinity",
    "4,300 digits": b"9" * 4300,
    "a million digits": b"9" * 1_000_000,
    "a raw control character": b'"\n"',
    "a leading zero": b"01",
    "a comment": b"1/**/",
}
BODIES = {
    "nothing": b"",
    "null": b"null",
    "an array": b"[]",
    "a string": b'"x"',
    "NUL": b"\x00",
    "a million open brackets": b"[" * 1_000_000,
    "a million open objects": b'{"a":' * 1_000_000,
}


def hostile(good: bytes) -> Iterator[tuple[str, bytes]]:
    yield from BODIES.items()
    for what, value in VALUES.items():
        yield what, b'{"x":%b,%b}' % (value, good)
    yield "a lone surrogate as a name", b'{"\\udc00":1,%b}' % good
    yield "a byte order mark", b"\xef\xbb\xbf{%b}" % good
    yield "UTF-16", (b"{%b}" % good).decode().encode("utf-16")
    yield "two documents", b"{%b}{%b}" % (good, good)
    if b'"model"' in good:
        yield "a model twice", b'{"model":"other",%b}' % good
        yield "a model twice, once in disguise", b'{"\\u006dodel":"other",%b}' % good
        yield "a model that is a number", b"{%b}" % good.replace(b'"m"', b"1")
        yield "stream twice", b'{"stream":true,"stream":false,%b}' % good
        yield "a stream that is a number", b'{"stream":1,%b}' % good


def strange(good: bytes) -> Iterator[tuple[str, bytes]]:
    """What is valid, and the provider's to judge."""
    yield "arrays a thousand deep", b'{"x":%b,%b}' % (b"[" * 1000 + b"]" * 1000, good)
    yield "-0 and a number of 64 bits and more", b'{"x":[-0,18446744073709551616],%b}' % good
    yield "__proto__", b'{"__proto__":{"x":1},%b}' % good
    yield "another name twice", b'{"x":1,"x":2,%b}' % good
    if b'"messages"' in good:
        yield "a million names", b"{%b,%b}" % (b",".join(b'"k%d":1' % n for n in range(1_000_000)), good)


@pytest.fixture(scope="module")
def served() -> Iterator[Deployed]:
    with deployed(TABLE) as it:
        yield it


@pytest.mark.parametrize("path", ROUTES)
def test_what_is_no_document_is_a_400_in_the_routes_format(served: Deployed, path: str, measured: Measure) -> None:
    """F-39: never a 500, nothing of ours on stderr, and the connection goes on."""
    wrong, asked = [], 0
    with httpx.Client(base_url=served.url, timeout=PATIENCE) as client:
        for what, body in hostile(ROUTES[path]):
            answer = client.post(path, content=body)
            asked += 1
            if answer.status_code != 400 or not _told_well(path, answer.json()):
                wrong.append((what, answer.status_code, answer.content[:200]))
    assert wrong == []
    measured(f"hostile bodies refused with 400 on {path}", asked, at_least=24)
    assert not [line for line in served.said if "unexpected" in line]


def _told_well(path: str, told: dict[str, Any]) -> bool:
    error = told["error"]
    if "gemini" in path:
        return bool((error["code"], error["status"]) == (400, "INVALID_ARGUMENT"))
    return error["type"] == "invalid_request_error" and error["code"] in ("invalid_json", "invalid_body")


@pytest.mark.parametrize("path", ROUTES)
def test_what_is_only_strange_is_never_our_mistake(served: Deployed, path: str, measured: Measure) -> None:
    """F-39: passed on to a provider of the same format, converted or refused with its place for another's. A million names cost
    what they cost."""
    (worker,) = children_of(served.process.pid)
    with httpx.Client(base_url=served.url, timeout=PATIENCE) as client:
        for what, body in strange(ROUTES[path]):
            before = spent(worker)
            answer = client.post(path, content=body)
            assert answer.status_code == 200 or (path != CHAT and answer.status_code == 400), f"{what}: {answer.text[:200]}"
            if "million" in what:
                measured(f"CPU for {what}, {len(body) / 2**20:.0f} MiB, on {path}", (spent(worker) - before) * 1000, "ms")
    assert not [line for line in served.said if "unexpected" in line]


def test_the_loop_while_large_bodies_arrive(served: Deployed, measured: Measure) -> None:
    """F-39: three times 32 bodies of 8 MiB at the same time; how late its ticks are (a figure)."""
    request = posting(chat("m", "w" * (8 * 2**20)), f"/read{CHAT}")

    async def one() -> int:
        async with await Raw.open(served.address) as raw:
            await asyncio.wait_for(asyncio.get_running_loop().sock_sendall(raw.sock, request), PATIENCE)
            return (await raw.answer("POST")).status

    async def main() -> list[int]:
        return await asyncio.gather(*(one() for _ in range(32)))

    before = late(served)
    for _ in range(3):
        assert set(run(main())) == {200}
    ticks = {bound: count - before[bound] for bound, count in late(served).items()}
    measured("ticks of the loop (every 100 ms) meanwhile", ticks["+Inf"])
    measured("of them late by more than 25 ms", ticks["+Inf"] - ticks["0.025"])
    measured("of them late by more than 250 ms", ticks["+Inf"] - ticks["0.25"])


def late(served: Deployed) -> dict[str, float]:
    bounds = ("0.025", "0.25", "+Inf")
    return {bound: served.figure("engine_loop_lag_seconds_bucket", le=bound) for bound in bounds}


def spent(pid: int) -> float:
    """Seconds of CPU time of a process's main thread."""
    with open(f"/proc/{pid}/schedstat") as file:
        return int(file.read().split()[0]) / 1e9
