from __future__ import annotations

import json

import pytest

from engine import __version__
from engine.web import Response
from tests.tools.step import World


def answer(words: str, **status: object) -> Response:
    world = World(status=status)
    exchange = world.step(words, world.exchange("GET", "/health"))
    assert exchange.answer is not None
    return exchange.answer


def test_as_text() -> None:
    """G1"""
    told = answer("health: {shape: text}")
    assert (told.status, told.body) == (200, b"OK")
    assert (b"content-type", b"text/plain; charset=utf-8") in told.headers


def test_simple() -> None:
    assert json.loads(answer("health", uptime=3).body) == {"status": "healthy"}


def test_detailed() -> None:
    told = answer("health: {shape: detailed}", uptime_seconds=3.5, generation=2)
    assert json.loads(told.body) == {"status": "healthy", "version": __version__, "uptime_seconds": 3.5, "generation": 2}
    assert (b"cache-control", b"no-store") in told.headers


@pytest.mark.parametrize("shape", ["text", "simple", "detailed"])
def test_while_it_shuts_down_it_is_not_ready(shape: str) -> None:
    """F-60"""
    told = answer(f"health: {{shape: {shape}}}", draining=True)
    assert told.status == 503
    assert b"draining" in told.body
