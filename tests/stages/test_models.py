from __future__ import annotations

import json
from typing import Any

from engine.program import Model
from engine.stages.models import CREATED
from tests.tools.play import program, provider
from tests.tools.step import World

PROGRAM = program(
    [provider("openai"), provider("gemini"), provider("keyless", unavailable="set KEYLESS_API_KEY")],
    [
        Model("zeta", "openai"),
        Model("gpt-*", "openai"),
        Model("alpha", "gemini", "gemini-pro", "the one to use"),
        Model("dear", "keyless", "", "costly"),
        Model("smart", "pool"),
    ],
    {"pool": {"strategy": "fallback", "of": ["keyless", "openai"]}},
)


def listed(words: str = "models", query: str = "", speaks: str = "openai_chat") -> Any:
    world = World(program_=PROGRAM).route(speaks=speaks)
    exchange = world.step(words, world.exchange("GET", "/v1/models", query))
    assert exchange.answer is not None
    assert exchange.answer.headers == [(b"content-type", b"application/json")]
    return json.loads(exchange.answer.body)


def ids(**more: Any) -> list[str]:
    return [row["id"] for row in listed(**more)["data"]]


def test_names_in_the_order_of_the_table_and_no_patterns() -> None:
    """G3"""
    told = listed()
    assert told["object"] == "list"
    assert [row["id"] for row in told["data"]] == ["zeta", "alpha", "dear", "smart"]
    assert told["data"][0] == {"id": "zeta", "object": "model", "created": CREATED, "owned_by": "openai"}
    assert told["data"][1]["description"] == "the one to use"


def test_a_model_without_its_key_says_so_or_is_left_out() -> None:
    assert listed()["data"][2]["description"] == "costly; unavailable: set KEYLESS_API_KEY"
    assert "description" not in listed()["data"][3], "a pool with one member left can be asked"
    assert ids(words="models: {hide_unavailable: true}") == ["zeta", "alpha", "smart"]


def test_the_vendor_filter_is_exact() -> None:
    """G3, G8"""
    assert ids(query="vendor=gemini") == ["alpha"]
    assert ids(query="vendor=") == ["zeta", "alpha", "dear", "smart"]
    assert listed(query="vendor=Gemini") == {"object": "list", "data": []}


def test_the_list_is_in_the_routes_format_and_openais_otherwise() -> None:
    assert ids(speaks="") == ids()
    assert next(row["name"] for row in listed(speaks="gemini_generate")["models"]) == "models/zeta"
    assert listed(speaks="anthropic_messages")["has_more"] is False


def test_every_answer_is_its_own() -> None:
    world = World(program_=PROGRAM)
    deed = world.bind("models")
    one, other = world.exchange("GET"), world.exchange("GET")
    deed(one)
    deed(other)
    assert one.answer is not None
    assert other.answer is not None
    one.answer.headers.append((b"x-request-id", b"1"))
    assert len(other.answer.headers) == 1


def test_the_providers_own_names() -> None:
    """G3: one row for every pair of vendor and model."""
    assert ids(words="models: {show: model}") == ["zeta", "gemini-pro", "dear", "smart"]
