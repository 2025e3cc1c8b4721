from __future__ import annotations

import pytest

from engine.routes.meant import (
    default_mapping,
    kind_mapping,
    model_mapping,
    route_mapping,
    stage_mapping,
    word_of,
)
from engine.routes.node import Node
from tests.tools.tables import parts


def node(value: object, **more: object) -> Node:
    return Node(value, 1, 1, text=str(value), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "word"), [("hi", "hi"), ("a b", "a b"), ("a: b", '"a: b"'), ('a"b', ""), ("", ""), (3, ""), ("x" * 99, "")]
)
def test_a_word_is_written_as_yaml(value: object, word: str) -> None:
    assert word_of(node(value)) == word


def test_what_came_from_a_variable_is_never_repeated() -> None:
    secret = node("s3cret", substituted=True)
    told = [
        kind_mapping(secret, "kind", ["s3cret"]),
        default_mapping(secret, ["s3cret"], []),
        model_mapping(secret, []),
        route_mapping(secret, []),
        stage_mapping(secret, parts().stages["respond"]),
    ]
    assert "s3cret" not in "".join(told)


def test_sections() -> None:
    assert kind_mapping(node("echo"), "kind", ["echo"]) == "write `{kind: echo}`"
    assert kind_mapping(node("x"), "kind", ["echo"]) == "write `{kind: ...}`"
    assert kind_mapping(node("race"), "strategy", ["race"]) == "write `{strategy: race, of: [...]}`"
    assert default_mapping(node("a"), ["a"], []) == "write `{provider: a}`"
    assert default_mapping(node("m"), ["a"], ["m"]) == "write `{model: m}`"
    assert model_mapping(node("m"), ["a"]) == "write `{name: m, provider: a}`"
    assert model_mapping(node("m"), ["a", "b"]) == "write `{name: m, provider: ...}`"
    assert route_mapping(node("GET /x"), ["a"]) == 'write `{match: "GET /x", pipeline: a}`'


@pytest.mark.parametrize(
    ("stage", "value", "hint"),
    [
        ("respond", "hi", "write `respond: {body: hi}`"),
        ("select", "even", "write `select: {by: even}`"),
        ("select", "odd", "for example `"),
        ("auth", "s3cret", "for example `auth: "),
        ("respond", 410, "for example `respond: "),
    ],
)
def test_a_stages_option_that_fits(stage: str, value: object, hint: str) -> None:
    told = stage_mapping(node(value), parts().stages[stage])
    assert told.startswith(hint)
    assert "s3cret" not in told
