from __future__ import annotations

import pytest

from engine import units
from engine.routes.desk import Desk
from engine.routes.due import say_type, short, unit_hint
from engine.routes.node import Node


def said(node: Node, *due: str) -> list[tuple[str, str]]:
    desk = Desk("f")
    say_type(desk, node, *due)
    return [(c.says, c.hint) for c in desk.complaints]


def node(value: object, **more: object) -> Node:
    return Node(value, 1, 1, text=str(value), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "due", "says"),
    [
        ("x", ("array",), "a list is due here, this is a string"),
        ({}, ("string", "array"), "a string or a list is due here, this is a mapping"),
        ([], ("object",), "a mapping is due here, this is a list"),
        (True, ("integer",), "a whole number is due here, this is `true`"),
        (1.5, ("boolean",), "`true` or `false` is due here, this is a number"),
        (None, ("number",), "a number is due here, and nothing stands here"),
    ],
)
def test_what_is_due_and_what_stands_there(value: object, due: tuple[str, ...], says: str) -> None:
    assert said(node(value), *due)[0][0] == says


def test_nothing_more_is_said_of_what_could_not_be_substituted() -> None:
    assert said(node(None, failed=True), "string") == []


def test_a_substituted_value_is_not_repeated_in_a_hint() -> None:
    assert said(node("s3cret", substituted=True), "array") == [
        ("a list is due here, this is a string", "put brackets around it")
    ]
    assert unit_hint(node("1234", substituted=True), units.DURATION) == ""


def test_a_long_word_is_cut() -> None:
    assert short("x" * 10) == "x" * 10
    assert len(short("x" * 1000)) == 60
    assert unit_hint(node("9" * 100), units.SIZE) == ""
