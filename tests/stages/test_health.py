from __future__ import annotations

import json

import pytest

from engine import __version__
from engine.program import Model
from engine.web import Response
from tests.tools.play import program, provider
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


def test_with_the_number_of_models() -> None:
    """A35"""
    models = [Model("gpt-4", "openai"), Model("claude-*", "anthropic")]
    world = World(program_=program([provider("openai"), provider("anthropic")], models))
    told = world.step("health: {shape: models}", world.exchange("GET", "/health")).answer
    assert told is not None
    assert json.loads(told.body) == {"status": "healthy", "models": 2, "timestamp": "2023-11-14T22:13:20Z"}


@pytest.mark.parametrize("shape", ["text", "simple", "models", "detailed"])
def test_while_it_shuts_down_it_is_not_ready(shape: str) -> None:
    """F-60"""
    told = answer(f"health: {{shape: {shape}}}", draining=True)
    assert told.status == 503
    assert b"draining" in told.body
