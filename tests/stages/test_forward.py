from __future__ import annotations

import json

import pytest

from engine.exchange import Exchange
from engine.faults import Fault
from engine.program import Default, Model
from engine.stages.forward import within
from tests.tools.play import program, provider
from tests.tools.step import JSON, World, flaws, reply, stage

PROGRAM = program(
    [provider("openai", keys=2), provider("other"), provider("keyless", unavailable="set KEYLESS_API_KEY")],
    [Model("small", "other", "text-embedding-3-small"), Model("text-*", "openai")],
    {"pool": {"strategy": "fallback", "of": ["keyless", "other"]}},
    Default(provider="openai"),
)
EMBED = b'{"model": "%s", "input": "hi"}'


def asked(world: World, method: str = "POST", path: str = "/v1/embeddings", **more: object) -> Exchange:
    return world.exchange(method, path, **more)  # type: ignore[arg-type]


def sent_by(words: str, *, captures: dict[str, str] | None = None, **more: object) -> tuple[str, str]:
    """(method, path) as the provider sees them."""
    world = World([reply()], PROGRAM)
    exchange = asked(world, **more)  # type: ignore[arg-type]
    exchange.captures = captures or {}
    world.step(words, exchange)
    (sent,) = world.transport.sent
    return sent.method, sent.path


def test_a_path_below_a_beginning_is_the_requests_own() -> None:
    words = "forward: {to: openai, below: /v1}"
    assert sent_by(words) == ("POST", "/v1/embeddings")
    assert sent_by(words, method="DELETE", path="/v1/files/a%20b") == ("DELETE", "/v1/files/a%20b")
    assert sent_by(words, method="GET", path="/v1/files", query="limit=2&key=gw-1&after=x") == (
        "GET",
        "/v1/files?limit=2&after=x",
    )


def test_a_path_may_hold_what_the_match_captured() -> None:
    words = 'forward: {to: openai, path: "/models/{model}:countTokens"}'
    assert sent_by(words, captures={"model": "g 1?x"}) == ("POST", "/v1/models/g%201%3Fx:countTokens")
    assert sent_by('forward: {to: openai, path: "/a/{rest}"}', captures={"rest": "b/c"})[1] == "/v1/a/b/c"


@pytest.mark.parametrize(
    "path",
    ["/v1/files/../organization", "/v1/files/%2e%2E/x", "/v1/files/.%252e/x", "/v1/files/..%5cx", "/v1/.", "/v1/a/..;x/b"],
)
def test_no_path_leaves_what_the_table_names(path: str) -> None:
    world = World([], PROGRAM)
    with pytest.raises(Fault) as caught:
        world.step("forward: {to: openai, below: /v1}", asked(world, path=path))
    assert caught.value.code == "not_found"
    assert world.transport.sent == []
    assert within("/files/a..b") == "/files/a..b"


def test_a_pool_means_the_first_member_that_can_be_asked() -> None:
    world = World([reply()], PROGRAM)
    exchange = world.step("forward: {to: pool, below: /v1}", asked(world))
    assert exchange.target is not None
    assert exchange.target.provider == "other"
    with pytest.raises(Fault) as caught:
        world.step("forward: {to: keyless, below: /v1}", asked(world))
    assert caught.value.code == "model_unavailable"


def test_the_model_of_a_body_may_decide() -> None:
    words = "forward: {by: model, below: /v1}"
    for name, to, model in (("small", "other", "text-embedding-3-small"), ("text-x", "openai", "text-x"), ("?", "openai", "?")):
        world = World([reply()], PROGRAM)
        exchange = world.step(words, asked(world, body=EMBED % name.encode()))
        (sent,) = world.transport.sent
        assert sent.target.provider == to
        assert json.loads(sent.body) == {"model": model, "input": "hi"}
        assert exchange.chat.model == name
        if name == model:
            assert sent.body == EMBED % name.encode(), "byte for byte"


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"", "invalid_json"), (b"[]", "invalid_body"), (b'{"model": 1}', "invalid_body"), (b"{", "invalid_json")],
)
def test_without_a_model_that_can_be_read_nothing_is_sent(body: bytes, code: str) -> None:
    world = World([], PROGRAM)
    with pytest.raises(Fault) as caught:
        world.step("forward: {by: model, below: /v1}", asked(world, body=body))
    assert caught.value.code == code
    with pytest.raises(Fault) as caught:
        world.step(
            "forward: {by: model, below: /v1}", asked(world, headers={"content-type": "multipart/form-data"}, body=b"--x")
        )
    assert caught.value.code == "media_type"


def test_a_body_that_is_still_arriving_is_waited_for() -> None:
    class Arriving:
        async def read(self) -> bytes:
            return b"all of it"

    world = World([reply()], PROGRAM)
    exchange = world.step("forward: {to: openai, below: /v1}", asked(world, body=None, incoming=Arriving()))
    assert world.transport.sent[0].body == b"all of it"
    assert exchange.request.body == b"all of it", "the log tells its size"


def test_options_that_contradict_each_other() -> None:
    assert flaws("forward: {to: openai, below: /v1}") == []
    assert flaws("forward") == ["to", "path"]
    assert flaws("forward: {to: a, by: model, below: /v1, path: /x}") == ["to", "path"]
    assert flaws("forward: {to: a, path: 'x?y', timeout: 0s}") == ["path", "timeout"]


def test_options_that_speak_of_another_path_than_the_routes() -> None:
    def strays(words: str, pattern: str, *captured: str) -> list[str]:
        return [option for option, _ in stage(words).strays(pattern, frozenset(captured))]

    assert strays("forward: {to: a, below: /v1}", "/v1/embeddings") == []
    assert strays("forward: {to: a, below: /v1/}", "/v1/embeddings") == []
    assert strays("forward: {to: a, below: /v1}", "/v10/embeddings") == ["below"]
    assert strays("forward: {to: a, path: '/m/{model}'}", "/x/{model}", "model") == []
    assert strays("forward: {to: a, path: '/m/{model}'}", "/x/{name}", "name") == ["path"]


def test_the_answer_is_the_exchanges() -> None:
    world = World([reply(body=b'{"data": []}', headers=(*JSON, (b"content-length", b"12")))], PROGRAM)
    exchange = world.step("forward: {to: openai, below: /v1}", asked(world))
    assert exchange.answer is not None
    assert (exchange.answer.status, exchange.answer.body) == (200, b'{"data": []}')
