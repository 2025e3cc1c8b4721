"""Fuzzed answers through the real command: every client gets a whole answer, and the next one its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from random import Random
from typing import Any

import httpx
import orjson
import pytest

from engine.wire.response_reader import ResponseReader
from tests.fuzz.answers import ANSWER, read
from tests.fuzz.campaign import SEED, dice_of
from tests.tools.deployed import CHAT, chat, deployed
from tests.tools.fake_upstream import Close, FakeUpstream, Send, whole
from tests.tools.gateway import PATIENCE

TABLE = """
version: 1
server: {listen: "${LISTEN}"}
providers: {up: {kind: openai, keys: ["${KEY}"], base_url: "http://127.0.0.1:${PORT}/v1", allow_private: true}}
default: {provider: up}
pipelines:
  once: [decode, {select: {by: model}}, {call: {retries: 0}}, convert, log]
routes:
  - {match: "POST /v1/chat/completions", speaks: openai_chat, pipeline: once, public: true}
  - {match: "GET /metrics", pipeline: [metrics]}
"""
ANSWERS = int(os.environ.get("ENGINE_HOSTILE_ANSWERS", "300"))
COUNTS = b'{"model":"m","choices":[],"usage":{"prompt_tokens":1e308,"completion_tokens":18446744073709551615}}'


def fuzzed(number: int) -> bytes:
    return ANSWER.make(dice_of(SEED, number))


def verdict(data: bytes) -> tuple[Any, bytes, str, bool]:
    return read([data], "POST", ResponseReader())


def script(request: bytes) -> list[Any]:
    """`odd-7` gets the seventh fuzzed answer, on a connection that is left open where it could be used again; whoever else
    gets its own name."""
    name = str(orjson.loads(request.partition(b"\r\n\r\n")[2])["model"])
    kind, _, number = name.partition("-")
    if kind == "counts":
        return whole(COUNTS, 200, b"content-type: application/json")
    if kind == "odd":
        data = fuzzed(int(number))
        cut = Random(int(number)).randrange(len(data) + 1)
        return [Send(data[:cut]), Send(data[cut:]), *([] if verdict(data)[3] else [Close()])]
    return whole(
        orjson.dumps({"model": name, "choices": [{"message": {"content": name}}]}), 200, b"content-type: application/json"
    )


@pytest.fixture
def address() -> Iterator[str]:
    with (
        FakeUpstream(choose=script) as provider,
        deployed(TABLE, PORT=str(provider.port), KEY="sk-canary-0123456789") as served,
    ):
        yield served.url


def test_no_answer_harms_the_next_f08_f22_i7(address: str, measured: Any) -> None:
    """I1, I7; F-07, F-08, F-09, F-10, F-22, F-23."""
    wrong, refused = [], 0
    with httpx.Client(base_url=address, timeout=PATIENCE) as client:
        for number in range(ANSWERS):
            answer = client.post(CHAT, json=chat(f"odd-{number}"))
            broken = bool(verdict(fuzzed(number))[2])
            refused += broken
            if broken and answer.status_code < 400:  # a 4xx that is cut off is still one
                wrong.append((number, answer.status_code, answer.text))
            assert "canary" not in answer.text
            good = client.post(CHAT, json=chat(f"good-{number}"))
            if good.status_code != 200 or good.json()["model"] != f"good-{number}":
                wrong.append((number, good.status_code, good.text))
        figures = client.get("/metrics")
    assert wrong == []
    assert figures.status_code == 200
    assert ANSWERS / 4 < refused < ANSWERS
    measured("fuzzed answers of a provider", ANSWERS)
    measured("requests harmed by the answer before theirs", len(wrong), at_most=0)


def test_counts_that_cannot_be_do_not_end_the_figures_f10(address: str) -> None:
    """F-10: they are summed in 64 bits, in this worker and the others."""
    with httpx.Client(base_url=address, timeout=PATIENCE) as client:
        for number in range(4):
            assert client.post(CHAT, json=chat(f"counts-{number}")).status_code == 200
        assert client.get("/metrics").status_code == 200
