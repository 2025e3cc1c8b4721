from __future__ import annotations

import copy
import dataclasses
import json
import logging
import marshal
import pickle
import pprint
import traceback
from collections.abc import Callable
from string import Template
from typing import Any

import orjson
import pytest

from engine.faults import Fault
from engine.observe.request_log import encode
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


@dataclasses.dataclass
class Holder:
    key: Secret


@pytest.mark.parametrize(
    "show",
    [
        lambda s: ascii(s),
        lambda s: f"{s!r:>80}{s!s}{s!a}",
        lambda s: pprint.pformat({"key": [s]}),
        lambda s: repr(Holder(s)) + str({s: s}) + str((s,)),
        lambda s: json.dumps({"key": s}, default=str),
        lambda s: orjson.dumps({"key": s}, default=str).decode(),
        lambda s: encode({"key": s}).decode(),
        lambda s: "".join(traceback.format_exception(ValueError(s))),
        lambda s: logging.LogRecord("x", 10, "f", 1, "%s %r", (s, s), None).getMessage(),
        lambda s: str(Fault("internal", str(s))) + Template("$s").substitute(s=s),
    ],
)
def test_nothing_that_prints_what_holds_it_shows_the_value(show: Callable[[Secret], str]) -> None:
    shown = show(Secret(VALUE))
    assert "canary" not in shown
    assert VALUE[:8] not in shown


@pytest.mark.parametrize(
    "take",
    [
        lambda s: copy.copy(s),
        lambda s: copy.deepcopy([s]),
        lambda s: [pickle.dumps(s, protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)],
        lambda s: marshal.dumps(s),
        lambda s: json.dumps(s),
        lambda s: dataclasses.asdict(Holder(s)),
        lambda s: vars(s),
        lambda s: bytes(s),
        lambda s: "key=" + s,
        lambda s: "".join([s]),
        lambda s: [*s],
        lambda s: s[0],
        lambda s: s.encode(),
    ],
)
def test_it_cannot_be_taken_apart_copied_or_joined(take: Callable[[Any], object]) -> None:
    with pytest.raises((TypeError, AttributeError, ValueError)) as refused:
        take(Secret(VALUE))
    assert "canary" not in str(refused.value)


def test_equality_and_truth_are_the_values() -> None:
    assert Secret(VALUE) == Secret(VALUE)
    assert Secret(VALUE) != VALUE
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
    assert not Secret("")
    assert Secret(VALUE).reveal() == VALUE
