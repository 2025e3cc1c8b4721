from __future__ import annotations

import jsonschema
import pytest

from engine.web import Response
from tests.tools.step import World, flaws


def answer(words) -> Response:  # type: ignore[no-untyped-def]
    world = World()
    exchange = world.step(words, world.exchange("GET", "/"))
    assert exchange.answer is not None
    return exchange.answer


def test_a_fixed_answer() -> None:
    told = answer(
        {"respond": {"status": 410, "body": "gone ☹", "content_type": "text/x", "headers": {"Cache-Control": "max-age=60"}}}
    )
    assert (told.status, told.body) == (410, "gone ☹".encode())
    assert told.headers == [(b"content-type", b"text/x"), (b"cache-control", b"max-age=60")]


def test_an_empty_body_has_no_type() -> None:
    assert answer("respond").headers == []
    assert answer("respond: {status: 204}").status == 204


def test_every_answer_has_headers_of_its_own() -> None:
    world = World()
    deed = world.bind("respond: {headers: {a: b}}")
    first, second = world.exchange(), world.exchange()
    deed(first)
    assert first.answer is not None
    first.answer.headers.append((b"x", b"y"))
    deed(second)
    assert second.answer is not None
    assert second.answer.headers == [(b"a", b"b")]


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({"body": "x"}, []),
        ({"headers": {"x-a": "b\r\nset-cookie: c"}}, ["headers"]),
        ({"headers": {"x a": "b"}}, ["headers"]),
        ({"headers": {"Content-Length": "5"}}, ["headers"]),
        ({"headers": {"transfer-encoding": "chunked"}}, ["headers"]),
        ({"content_type": "text/plain\n"}, ["content_type"]),
        ({"status": 204, "body": "x"}, ["body"]),
    ],
)
def test_flaws(options, wrong: list[str]) -> None:  # type: ignore[no-untyped-def]
    assert flaws({"respond": options}) == wrong


@pytest.mark.parametrize("status", [100, 101, 600, 0])
def test_only_final_statuses(status: int) -> None:
    with pytest.raises(jsonschema.ValidationError):
        answer({"respond": {"status": status}})
