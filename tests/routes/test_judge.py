from __future__ import annotations

from typing import Any

import pytest

from engine import units
from engine.routes.desk import Desk
from engine.routes.judge import Judge
from engine.routes.node import Node
from engine.routes.text import load

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "many": {"type": "integer", "minimum": 1, "maximum": 9},
        "part": {"type": "number"},
        "wait": {"type": "string", "pattern": units.DURATION},
        "room": {"type": "string", "pattern": units.SIZE},
        "pace": {"type": "string", "pattern": units.RATE},
        "flag": {"type": "boolean"},
        "word": {"type": "string", "enum": ["alpha", "beta"]},
        "list": {"type": "array", "items": {"type": "string"}},
        "inner": {"type": "object", "properties": {"deep": {"type": "string"}}, "additionalProperties": False},
        "code": {"type": "string", "pattern": "^[a-z]+$", "examples": ["abc"]},
    },
    "required": ["name"],
    "additionalProperties": False,
}


def judged(text: str) -> list[tuple[str, str, str, str]]:
    """(code, where, says, hint) of what is wrong with `{name: x, ...}`."""
    root, complaints = load("{name: x, " + text + "}", "f")
    assert root is not None
    assert not complaints
    desk = Desk("f")
    assert Judge(desk).accepts(root, SCHEMA, "`it`") is not desk.failed
    return [(c.code, c.where, c.says, c.hint) for c in desk.complaints]


@pytest.mark.parametrize(
    "text",
    ["many: 1", "part: 1", "part: 1.5", "wait: 10s", "room: 64KiB", "pace: 600/min", "flag: true", "word: beta",
        "list: []", "inner: {}", "code: x"],
)  # fmt: skip
def test_what_is_right(text: str) -> None:
    assert judged(text) == []


@pytest.mark.parametrize(
    ("text", "code", "hint"),
    [
        ("many: 1.0", "R022", ""),
        ("many: true", "R022", ""),
        ("many: '3'", "R022", "take the quotes away"),
        ("many: 0", "R023", ""),
        ("many: 10", "R023", ""),
        ("flag: yes", "R022", "write `true`"),
        ("flag: off", "R022", "write `false`"),
        ("flag: 'true'", "R022", "take the quotes away"),
        ("list: a", "R022", "write `[a]`"),
        ("list: [1]", "R022", "put it in quotes"),
        ("list: null", "R022", "write a value, or take the key away"),
        ("word: alhpa", "R023", "did you mean `alpha`?"),
        ("word: zzz", "R023", "there is `alpha`, `beta`"),
        ("wait: 10", "R024", "write `10s`"),
        ("wait: 2.5", "R024", "write `2.5s`"),
        ("wait: 10 sec", "R024", "write `10s`"),
        ("wait: 5 Minutes", "R024", "write `5m`"),
        ("wait: soon", "R024", ""),
        ("wait: ''", "R024", ""),
        ("wait: true", "R024", ""),
        ("wait: -1s", "R024", ""),
        ('wait: "10s\\n"', "R024", "write `10s`"),
        ("room: 64", "R024", "write `64B`"),
        ("room: 64k", "R024", "write `64KiB`"),
        ("room: 1.5MiB", "R024", ""),
        ("pace: 600", "R024", "write `600/min`"),
        ("pace: 10/minute", "R024", "write `10/min`"),
        ("code: A1", "R023", "for example `abc`"),
        ("inner: {dep: x}", "R020", "did you mean `deep`?"),
        ("nmae: x", "R020", "did you mean `name`?"),
    ],
)
def test_each_failure_is_one_complaint_with_the_likely_right_form(text: str, code: str, hint: str) -> None:
    (complaint,) = judged(text)
    assert (complaint[0], complaint[3]) == (code, hint)


def test_the_owner_of_an_unknown_key_is_named() -> None:
    assert judged("colour: red")[0][2] == "`it` knows no `colour`"
    assert judged("inner: {far: x}")[0][1:3] == ("inner.far", "`inner` knows no `far`")


def test_all_failures_are_told() -> None:
    assert [code for code, *_ in judged("many: 0, wait: 10, zzz: 1, list: [1, 2]")] == ["R023", "R024", "R020", "R022", "R022"]


def substituted(text: str, value: Any) -> Node:
    return Node(value, 1, 1, text=text, substituted=True)


def test_a_substituted_value_is_read_as_what_is_due() -> None:
    root = Node({"name": substituted("123", 123), "many": substituted("3", "3"), "flag": substituted("true", "true")}, 1, 1)
    desk = Desk("f")
    assert Judge(desk).accepts(root, SCHEMA, "`it`")
    assert root.plain() == {"name": "123", "many": 3, "flag": True}


def test_a_substituted_value_is_never_repeated() -> None:
    root = Node(
        {"name": substituted("x", "x"), "word": substituted("s3cret", "s3cret"), "wait": substituted("5678", "5678")}, 1, 1
    )
    desk = Desk("f")
    assert not Judge(desk).accepts(root, SCHEMA, "`it`")
    assert "s3cret" not in repr(desk.complaints)
    assert "5678" not in repr(desk.complaints)


def test_nothing_more_is_said_of_what_could_not_be_substituted() -> None:
    root = Node({"name": Node(None, 1, 1, failed=True)}, 1, 1)
    desk = Desk("f")
    assert not Judge(desk).accepts(root, SCHEMA, "`it`")
    assert desk.complaints == []


CHOICES: dict[str, Any] = {
    "type": "object",
    "properties": {"on": {"type": "array", "items": {"type": "string", "enum": ["rate_limit", "server", "auth"]}}},
}


@pytest.mark.parametrize(
    ("value", "code", "hint"),
    [
        ("500", "R023", "a status is not named here; `500` is `server`"),
        ("5xx", "R023", "a status is not named here; `5xx` is `server`"),
        ("429", "R023", "a status is not named here; `429` is `rate_limit`"),
        ("403", "R023", "a status is not named here; `403` is `auth`"),
        ("504", "R023", "a status is not named here; `504` is `server`"),
        ("404", "R023", "there is `rate_limit`, `server`, `auth`"),
        ("true", "R023", "there is `rate_limit`, `server`, `auth`"),
        ("[a]", "R022", ""),
        ("~", "R022", "write a value, or take the key away"),
    ],
)
def test_what_is_no_choice_is_told_once(value: str, code: str, hint: str) -> None:
    root, _ = load(f"on: [{value}]\n", "f")
    assert root is not None
    desk = Desk("f")
    assert not Judge(desk).accepts(root, CHOICES, "it")
    assert [(c.code, c.hint) for c in desk.complaints] == [(code, hint)]


def test_an_option_without_its_space_is_not_missing_too_and_its_value_not_shown() -> None:
    root, _ = load("{name:s3cret, many: 1}\n", "f")
    assert root is not None
    desk = Desk("f")
    assert not Judge(desk).accepts(root, SCHEMA, "it")
    assert [(c.code, c.says, c.hint) for c in desk.complaints] == [
        ("R020", "it knows no such option", "a space is missing after `name:`")
    ]
