from __future__ import annotations

from typing import Any

import pytest

from engine.faults import Fault
from engine.program import Model
from engine.stages.select import members_of, vendor_of
from tests.tools.play import play, program, provider
from tests.tools.step import World, flaws, stage

PROGRAM = program(
    [provider("openai", keys=2), provider("gemini", keys=3), provider("keyless", unavailable="set KEYLESS_API_KEY")],
    [Model("gpt-4o", "openai"), Model("gem-*", "gemini"), Model("gem-1", "gemini"), Model("dear", "keyless")],
)


def world(**more) -> World:  # type: ignore[no-untyped-def]
    return World(program_=PROGRAM, **more)


def test_by_model() -> None:
    here = world()
    assert play(here.step("select", here.chat("gpt-4o")).plan, "ok") == ["openai openai#2"]
    assert play(here.step("select: {by: model}", here.chat("gem-x")).plan, "ok") == ["gemini gemini#2 gemini#3"]


def test_by_model_knows_no_vendor() -> None:
    here = world()
    assert play(here.step("select", here.chat("gpt-4o", query="vendor=nobody")).plan, "ok") == ["openai openai#2"]


@pytest.mark.parametrize(("model", "code"), [("nope", "unknown_model"), ("dear", "model_unavailable")])
def test_by_model_refuses(model: str, code: str) -> None:
    here = world()
    with pytest.raises(Fault) as caught:
        here.step("select", here.chat(model))
    assert caught.value.code == code


def test_the_routes_of_a_program_share_the_turns() -> None:
    here = world()
    first, second = here.bind("select"), here.route(name="another").bind("select")
    trail = []
    for deed in (first, second, first):
        exchange = here.chat("gpt-4o")
        deed(exchange)
        trail += play(exchange.plan, "ok")
    assert trail == ["openai openai#2", "openai#2 openai", "openai openai#2"]
    assert members_of(here.binding) is members_of(here.binding)


def test_evenly_asks_one_combination_and_notes_it() -> None:
    """G17, G20: five combinations with a definite model: 2 keys x gpt-4o, 3 keys x gem-1."""
    here = world(dice=0.0)
    exchange = here.step("select: {by: even}", here.chat("whatever"))
    assert play(exchange.plan, "upstream_error") == ["openai:gpt-4o"]
    assert exchange.notes == {
        "selected": "openai:gpt-4o",
        "selected_provider": "openai",
        "selected_model": "gpt-4o",
        "combinations": 5,
    }


def test_evenly_within_a_vendor() -> None:
    """G8"""
    here = world(dice=0.99)
    exchange = here.step("select: {by: even}", here.chat(query="x=1&vendor=openai"))
    assert (exchange.notes["selected"], exchange.notes["combinations"]) == ("openai:gpt-4o#2", 2)
    assert here.step("select: {by: even}", here.chat(query="vendor=")).notes["combinations"] == 5
    with pytest.raises(Fault) as caught:
        here.step("select: {by: even}", here.chat(query="vendor=x"))
    assert caught.value.message == "No credentials available for vendor: x"


def test_evenly_needs_no_body_unless_it_looks_at_what_models_can_do() -> None:
    """G7: the vendor is refused before the body is read."""
    assert stage("select: {by: even}").needs() == frozenset()
    assert stage("select: {by: even, able: true}").needs() == stage("select").needs() == frozenset({"chat"})
    assert flaws("select: {able: true}") == ["able"]
    here = world(dice=0.0)
    assert here.step("select: {by: even}", here.exchange(body=None)).notes["combinations"] == 5


def test_evenly_among_those_that_are_able() -> None:
    """GH2"""
    models = [Model("a", "openai", can=("tools",)), Model("b", "openai", can=("streaming", "image")), Model("c", "openai")]
    here = World(program_=program([provider("openai")], models))

    def among(document: dict[str, Any], streaming: bool = False) -> int:
        exchange = here.chat(streaming=streaming)
        exchange.chat.document = document
        count = here.step("select: {by: even, able: true}", exchange).notes["combinations"]
        assert isinstance(count, int)
        return count

    assert among({}) == 3
    assert among({"tools": [{}]}) == 2
    assert among({"tools": [{}]}, streaming=True) == 1


def test_evenly_without_a_memory() -> None:
    """G17: a key that has reached its limit is put aside, unless each combination is wanted every time."""
    assert flaws("select: {stateless: true}") == ["stateless"]
    here = world(dice=0.0)
    members_of(here.binding).cooling.heed(
        Fault("upstream_auth"), here.step("select: {by: even}", here.chat()).plan.send(None).targets[0], ""
    )
    assert here.step("select: {by: even}", here.chat()).notes["combinations"] == 4
    assert here.step("select: {by: even, stateless: true}", here.chat()).notes["combinations"] == 5


def test_explanations_cost_nothing_when_nobody_asks() -> None:
    here = world()
    exchange = here.chat("gpt-4o")
    exchange.considered = []
    here.step("select", exchange)
    assert [c.name for c in exchange.considered] == ["gpt-4o", "openai", "openai#2"]
    assert here.step("select", here.chat("gpt-4o")).considered is None
    exchange.considered = []
    here.step("select: {by: even}", exchange)
    assert len(exchange.considered) == 6


@pytest.mark.parametrize(
    ("query", "vendor"),
    [("", ""), ("vendor=a", "a"), ("x=1&vendor=a+b%21&vendor=c", "a b!"), ("myvendor=a", ""), ("vendor=", ""), ("vendor", "")],
)
def test_vendor_of(query: str, vendor: str) -> None:
    assert vendor_of(query) == vendor
