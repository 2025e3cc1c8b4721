"""The watch that every test of the real command is held to does see what is left behind."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.crowd import Crowd, in_thread
from tests.tools.deployed import Deployed, chat, deployed, until
from tests.tools.gateway import NOISE
from tests.tools.traces import GROWTH, Traces, children

TABLE = """
version: 1
server: {listen: "${LISTEN}"}
providers: {up: {kind: openai, keys: [k], base_url: "${UP}", allow_private: true}}
default: {provider: up}
pipelines: {chat: [decode, {select: {by: model}}, call, convert]}
routes: [{match: "POST /v1/chat/completions", speaks: openai_chat, pipeline: chat, public: true}]
"""


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    with in_thread() as it:
        yield it


@pytest.fixture
def served(crowd: Crowd) -> Iterator[Deployed]:
    with deployed(TABLE, UP=crowd.base_url) as it:
        yield it


def test_a_clients_connection_is_seen_and_one_in_a_pool_is_none(served: Deployed) -> None:
    traces = Traces(served.process.pid, served.url)
    assert served.post(chat("up-whole-1")).json()["id"] == "1"
    until(lambda: not traces._left())
    with socket.create_connection(served.address):
        until(lambda: traces._left() == ["a connection of a client"])
    until(lambda: not traces._left())


def test_a_descriptor_too_many_is_seen(served: Deployed) -> None:
    """A worker has a file more than it had, as far as the watch can tell."""
    traces = Traces(served.process.pid, served.url)
    assert children(served.process.pid)
    assert not traces._left()
    kind, many = next(iter(traces._before.items()))
    traces._before[kind] -= 1
    assert traces._left() == [f"{many} of {kind}"]


def test_memory_that_grows_beyond_bounds_is_seen(served: Deployed) -> None:
    traces = Traces(served.process.pid, served.url)
    traces.must_be_gone()
    traces._memory -= GROWTH
    with pytest.raises(AssertionError, match="grown"):
        traces.must_be_gone()


@pytest.mark.parametrize(
    "line",
    ["Traceback (most recent call last):", "x.py:1: ResourceWarning: unclosed", "Task exception was never retrieved",
     "RuntimeWarning: coroutine 'f' was never awaited", "Task was destroyed but it is pending!", "Exception ignored in: <x>"],
)  # fmt: skip
def test_what_python_says_of_loose_ends_is_noise(line: str) -> None:
    assert NOISE.search(line)
    assert not NOISE.search(Path(__file__).name)
