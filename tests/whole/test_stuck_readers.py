"""F-32: two hundred clients that take nothing of endless answers cost little memory, slow nobody, and are let go in time."""

from __future__ import annotations

import socket
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import orjson
import pytest

from tests.conftest import Measure
from tests.tools.crowd import PATIENCE, Crowd, in_thread
from tests.tools.deployed import CHAT, Deployed, chat, deployed, until
from tests.tools.serving import get, post

TABLE = """
version: 1
server:
  listen: "${LISTEN}"
  timeouts: {write: WRITE, body: 20s}
providers:
  up: {kind: openai, keys: ["${KEY}"], base_url: "${UP}", allow_private: true, connections: 400}
default: {provider: up}
pipelines:
  chat: [decode, {select: {by: model}}, {call: {idle: 200ms}}, convert, log]
routes:
  - {match: "POST /v1/chat/completions", speaks: openai_chat, pipeline: chat, public: true}
  - {match: "GET /metrics", pipeline: [metrics]}
"""
READERS = 200
LARGE = 100 * 1024 * 1024
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def crowd() -> Iterator[Crowd]:
    with in_thread(LARGE) as it:
        yield it


@contextmanager
def engine(crowd: Crowd, write: str) -> Iterator[Deployed]:
    with deployed(TABLE.replace("WRITE", write), UP=crowd.base_url, KEY="sk-canary-0123456789") as it:
        it.post(chat("up-whole-first"))  # what a first call makes is no growth
        yield it


@contextmanager
def stuck(served: Deployed, crowd: Crowd, kind: str, many: int = READERS) -> Iterator[list[socket.socket]]:
    """Clients that asked for a flood and read nothing; all is standing still."""
    socks = []
    try:
        for number in range(many):
            sock = socket.socket()
            socks.append(sock)
            sock.settimeout(PATIENCE)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.connect(served.address)
            sock.sendall(post(orjson.dumps(chat(f"up-flood-{kind}{number}", stream=True)), CHAT))
        for number in range(many):
            crowd.seen(f"up-flood-{kind}{number}").result(PATIENCE)
        stands_still(crowd)
        yield socks
    finally:
        for sock in socks:
            sock.close()


def stands_still(crowd: Crowd) -> None:
    at, since = -1, time.monotonic()

    def still() -> bool:
        nonlocal at, since
        if (now := crowd.poured) != at:
            at, since = now, time.monotonic()
        return time.monotonic() - since > 0.1

    until(still, PATIENCE)


def test_two_hundred_that_read_nothing(crowd: Crowd, measured: Measure) -> None:
    """F-32: also, their wait is their own, so that the providers' silence of more than call.idle is no stall."""
    with engine(crowd, "20s") as served:
        before = served.figure("process_resident_memory_bytes")
        with stuck(served, crowd, "still"):
            until(lambda: served.active() == READERS)
            grown = served.figure("process_resident_memory_bytes") - before
            measured("200 stuck readers, memory of the gateway grows by", grown / MIB, "MiB", at_most=60, hard=75)
            measured("200 stuck readers, taken from providers, each", crowd.poured / READERS / MIB, "MiB")
            assert served.active() == READERS
            assert len(crowd.held) == READERS
        until(lambda: served.active() == 0)
        until(lambda: not crowd.held)


def test_who_takes_nothing_is_let_go_and_so_is_the_provider(crowd: Crowd, measured: Measure) -> None:
    """F-32: both sides are dropped after timeouts.write without a byte taken."""
    with engine(crowd, "300ms") as served, stuck(served, crowd, "late", 20):
        until(lambda: served.active() == 0)
        until(lambda: not crowd.held)
        measured("stuck readers still served after timeouts.write", served.active(), "of 20", at_most=0)


def test_a_quick_client_is_not_slowed(crowd: Crowd, measured: Measure) -> None:
    """F-32, F-33: beside fifty that read nothing, fifty that read a little at a time, and fifty that send so."""
    with engine(crowd, "20s") as served, httpx.Client(base_url=served.url, timeout=PATIENCE) as quick:
        alone = typical(quick)
        with stuck(served, crowd, "beside", 100) as readers, slow_senders(served) as senders:
            took = []
            for turn in range(50):
                readers[turn].recv(512)
                senders[turn].sendall(b" ")
                took.append(once(quick))
        beside = statistics.median(took)
        measured("a quick call beside 150 slow clients, p50", 1000 * beside, "ms", at_most=1000 * alone * 3 + 2, hard=1000)
        until(lambda: served.active() == 0)


@contextmanager
def slow_senders(served: Deployed) -> Iterator[list[socket.socket]]:
    """Whose bodies never come to their end."""
    socks = []
    try:
        for _ in range(50):
            socks.append(socket.create_connection(served.address, PATIENCE))
            socks[-1].sendall(get(CHAT, "content-length: 100000", method="POST") + b"{")
        yield socks
    finally:
        for sock in socks:
            sock.close()


def typical(quick: httpx.Client) -> float:
    return statistics.median(once(quick) for _ in range(50))


def once(quick: httpx.Client) -> float:
    """Seconds of a whole call."""
    began = time.monotonic()
    told = quick.post(CHAT, json=chat("up-whole-quick"))
    took = time.monotonic() - began
    assert told.json()["id"] == "quick"
    return took
