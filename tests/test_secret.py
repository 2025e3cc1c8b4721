from __future__ import annotations

import copy
import pickle

import orjson
import pytest

from engine.secret import Secret

VALUE = "sk-canary-0123456789abcd"


@pytest.mark.parametrize("print_it", [str, repr, "{}".format, "{:>40}".format, lambda s: f"{[s]}", lambda s: "%s" % s])  # noqa: UP031
def test_no_way_of_printing_shows_the_value(print_it) -> None:  # type: ignore[no-untyped-def]
    shown = print_it(Secret(VALUE))
    assert "canary" not in shown
    assert "***abcd" in shown


def test_a_short_secret_shows_nothing() -> None:
    assert Secret("hunter2").masked == "***"


def test_it_is_neither_pickled_nor_encoded() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret(VALUE))
    with pytest.raises(TypeError):
        copy.deepcopy(Secret(VALUE))
    with pytest.raises(TypeError):
        orjson.dumps(Secret(VALUE))


def test_equality_and_truth_are_the_values() -> None:
    assert Secret(VALUE) == Secret(VALUE)
    assert Secret(VALUE) != VALUE
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
    assert not Secret("")
    assert Secret(VALUE).reveal() == VALUE
