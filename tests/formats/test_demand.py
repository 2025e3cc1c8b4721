from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.faults import Fault
from engine.formats.demand import (
    a_boolean,
    a_count,
    a_list,
    a_number,
    a_string,
    an_integer,
    an_object,
    below,
    items,
    maybe,
    needed,
    strings,
)  # fmt: skip

ODD: list[Any] = [None, True, 0, 1, 1.5, -1, "x", [], ["x"], [1], {}, {"a": 1}]
TAKES: dict[Callable[[object, str], Any], list[Any]] = {
    a_string: ["x"],
    a_boolean: [True],
    a_number: [0, 1, 1.5, -1],
    an_integer: [0, 1, -1],
    a_count: [1],
    an_object: [{}, {"a": 1}],
    a_list: [[], ["x"], [1]],
    strings: ["x", [], ["x"]],
}


@pytest.mark.parametrize("check", TAKES, ids=lambda check: check.__name__)
@pytest.mark.parametrize("value", ODD, ids=repr)
def test_a_value_is_of_its_type_or_its_place_is_named(check: Callable[[object, str], Any], value: Any) -> None:
    if any(type(value) is type(taken) and value == taken for taken in TAKES[check]):
        assert check(value, "a.b") in (value, [value])
        return
    with pytest.raises(Fault) as caught:
        check(value, "a.b")
    assert caught.value.code == "invalid_body"
    assert (caught.value.param or "").startswith("a.b")
    assert "`a.b" in caught.value.detail


def test_whole_floats_are_integers() -> None:
    assert an_integer(100.0, "n") == 100
    assert isinstance(an_integer(100.0, "n"), int)


def test_an_item_is_named_by_its_number() -> None:
    assert list(items(["a", "b"], "list")) == [("a", "list[0]"), ("b", "list[1]")]
    with pytest.raises(Fault, match=r"stop\[1\]"):
        strings(["a", 1], "stop")


def test_places_are_written_with_dots() -> None:
    assert (below("", "a"), below("a[0]", "b")) == ("a", "a[0].b")


def test_what_may_be_absent_may_be_null() -> None:
    assert maybe({}, "a", a_string) is None
    assert maybe({"a": None}, "a", a_string) is None
    assert maybe({"a": "x"}, "a", a_string) == "x"
    with pytest.raises(Fault, match=r"`in\.a`"):
        maybe({"a": 1}, "a", a_string, "in")


@pytest.mark.parametrize("document", [{}, {"a": None}])
def test_what_is_needed_may_not(document: dict[str, Any]) -> None:
    with pytest.raises(Fault, match=r"`in\.a` is required"):
        needed(document, "a", a_string, "in")
    assert needed({"a": "x"}, "a", a_string) == "x"
