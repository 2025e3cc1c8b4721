from __future__ import annotations

import pytest

from engine.exchange import Exchange
from engine.stages.cors import SDK_HEADERS
from tests.tools.step import World, flaws

APP = "https://app.example.com"
CORS = {"cors": {"origins": [APP, "http://localhost:3000"], "max_age": "1h"}}


def asked(words, method: str = "POST", origin: str | None = APP) -> Exchange:  # type: ignore[no-untyped-def]
    world = World()
    return world.step(words, world.exchange(method, headers={"origin": origin} if origin else {}))


def test_a_listed_origin_is_named_and_goes_on() -> None:
    exchange = asked(CORS)
    assert exchange.answer is None
    assert exchange.extra == [
        (b"vary", b"Origin"),
        (b"access-control-allow-origin", APP.encode()),
        (b"access-control-expose-headers", b"x-request-id"),
    ]


def test_a_preflight_is_answered() -> None:
    exchange = asked(CORS, "OPTIONS")
    assert exchange.answer is not None
    assert (exchange.answer.status, exchange.answer.body) == (204, b"")
    assert dict(exchange.extra) == {
        b"vary": b"Origin",
        b"access-control-allow-origin": APP.encode(),
        b"access-control-allow-methods": b"GET, POST, OPTIONS",
        b"access-control-allow-headers": ", ".join(SDK_HEADERS).encode(),
        b"access-control-max-age": b"3600",
    }


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "https://evil.example",
        APP + ".evil.example",
        APP + ":8443",
        "http://app.example.com",
        APP.upper(),
        APP + "/",
    ],
)
def test_another_origin_learns_nothing_but_the_answer_varies(origin: str | None) -> None:
    for method in ("POST", "OPTIONS"):
        exchange = asked(CORS, method, origin)
        assert exchange.extra == [(b"vary", b"Origin")]
        assert (exchange.answer is None) == (method == "POST")


def test_a_star_is_for_all_and_varies_with_nobody() -> None:
    exchange = asked("cors: {origins: ['*'], expose: []}", origin="https://anyone.example")
    assert exchange.extra == [(b"access-control-allow-origin", b"*")]
    assert asked("cors: {origins: ['*'], expose: []}", origin=None).extra == [(b"access-control-allow-origin", b"*")]


def test_credentials() -> None:
    words = {"cors": {"origins": [APP], "credentials": True}}
    assert (b"access-control-allow-credentials", b"true") in asked(words).extra
    assert (b"access-control-allow-credentials", b"true") in asked(words, "OPTIONS").extra
    assert (b"access-control-allow-credentials", b"true") not in asked(words, origin="https://evil.example").extra


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (CORS, []),
        ({"cors": {"origins": []}}, ["origins"]),
        ({"cors": {"origins": ["*"], "credentials": True}}, ["credentials"]),
        ({"cors": {"origins": ["app.example.com"]}}, ["origins"]),
        ({"cors": {"origins": [APP + "/"]}}, ["origins"]),
        (
            {"cors": {"origins": [APP], "headers": ["a b"], "methods": ["G\r\n"], "expose": [""]}},
            ["methods", "headers", "expose"],
        ),
    ],
)
def test_flaws(words, wrong: list[str]) -> None:  # type: ignore[no-untyped-def]
    assert flaws(words) == wrong


def test_what_may_be_used_is_said_always_where_it_is_wanted() -> None:
    words = {"cors": {"origins": ["*"], "methods": ["GET"], "headers": ["x-a"], "always": True, "preflight_status": "200"}}
    plain = dict(asked(words).extra)
    assert (plain[b"access-control-allow-methods"], plain[b"access-control-allow-headers"]) == (b"GET", b"x-a")
    preflight = asked(words, "OPTIONS")
    assert preflight.answer is not None
    assert preflight.answer.status == 200
    assert len(preflight.extra) == len(dict(preflight.extra))
