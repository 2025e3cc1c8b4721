from __future__ import annotations

import gzip

import pytest

from engine.web import Response, Streamed
from tests.tools.step import STAGES, World, stream

BODY = b"hello " * 200
WORDS = 'compress: {least: 1KiB, never: ["curl/[0-7].*", "*postmanruntime*"]}'


def told(body: bytes = BODY, headers: list[tuple[bytes, bytes]] | None = None, **given: str) -> Response:
    world = World()
    exchange = world.exchange(headers={name.replace("_", "-"): value for name, value in given.items()})
    exchange.answer = Response(200, list(headers or []), body)
    world.step(WORDS, exchange)
    return exchange.answer


def test_it_runs_when_there_is_an_answer() -> None:
    assert STAGES["compress"].sending


@pytest.mark.parametrize(
    ("accepts", "agent", "zipped"),
    [
        ("gzip", "Mozilla/5.0", True),
        ("br, GZIP;q=0.5", "curl/8.0", True),
        ("gzip", "curl/7.88", False),
        ("gzip", "PostmanRuntime/7", False),
        ("gzip;q=0, br", "x", False),
        ("gzip; q=0.000", "x", False),
        ("br", "x", False),
    ],
)
def test_who_gets_it(accepts: str, agent: str, zipped: bool) -> None:
    answer = told(accept_encoding=accepts, user_agent=agent)
    assert (b"vary", b"Accept-Encoding") in answer.headers
    assert ((b"content-encoding", b"gzip") in answer.headers) == zipped
    assert (gzip.decompress(answer.body) if zipped else answer.body) == BODY


def test_what_stays_as_it_is() -> None:
    assert told(b"short", accept_encoding="gzip").headers == []
    coded = [(b"content-encoding", b"br")]
    assert told(BODY, coded, accept_encoding="gzip").headers == coded
    assert told().body == BODY


def test_streams_never_are() -> None:
    world = World()
    exchange = world.exchange(headers={"accept-encoding": "gzip"})
    exchange.answer = Response(200, [], b"", Streamed(stream(), None))  # type: ignore[arg-type]
    world.step(WORDS, exchange)
    assert exchange.answer.headers == []
