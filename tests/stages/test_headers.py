from __future__ import annotations

from engine.exchange import Try
from engine.web import Pair, Response, Streamed
from tests.tools.step import STAGES, World, flaws, stream, targets

(A,) = targets("a")
WORDS = {
    "headers": {
        "set": {"X-Frame-Options": "DENY", "x-source": "{provider}"},
        "whole": {"cache-control": "no-store"},
        "stream": {"cache-control": "no-cache"},
        "drop": ["x-ratelimit-*", "Server"],
    }
}


def told(*pairs: Pair, streamed: bool = False, target: bool = True, tries: bool = False) -> list[Pair]:
    world = World()
    exchange = world.exchange()
    exchange.answer = Response(200, list(pairs))
    if streamed:
        exchange.answer.stream = Streamed(stream(), None)  # type: ignore[arg-type]
    exchange.target = A if target else None
    exchange.tries = [Try(A, 0.0, 1.0, "upstream_reset")] if tries else []
    world.step(WORDS, exchange)
    return exchange.answer.headers


def test_it_runs_when_there_is_an_answer() -> None:
    assert STAGES["headers"].sending


def test_set_and_dropped() -> None:
    assert told((b"cache-control", b"max-age=1"), (b"x-ratelimit-limit", b"5"), (b"server", b"x"), (b"x-kept", b"1")) == [
        (b"x-kept", b"1"),
        (b"x-frame-options", b"DENY"),
        (b"x-source", b"a"),
        (b"cache-control", b"no-store"),
    ]


def test_streams_have_their_own() -> None:
    assert (b"cache-control", b"no-cache") in told(streamed=True)


def test_without_a_provider_there_is_nothing_to_name() -> None:
    assert b"x-source" not in dict(told(target=False))
    assert dict(told(target=False, tries=True))[b"x-source"] == b"a"


def test_flaws() -> None:
    assert flaws(WORDS) == []
    assert flaws({"headers": {"set": {"x y": "1", "date": "1", "x-request-id": "1"}}}) == ["set", "set", "set"]
    assert flaws({"headers": {"stream": {"x-y": "a\nb"}}}) == ["stream"]
