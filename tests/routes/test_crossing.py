from __future__ import annotations

import pytest

from engine.formats.losses import lost
from engine.routes.crossing import crossings, write_crossings
from tests.tools.tables import parts, program

PIPE = 'pipeline: [auth: {keys: ["${KEY}"]}, decode, select, call, convert]'


def table(leads: str, speaks: str, pipe: str = PIPE) -> str:
    return (
        'version: 1\nproviders:\n  openai: {kind: openai, keys: ["${KEY}"]}\n  anthropic: {kind: anthropic, keys: ["${KEY}"]}\n'
        '  odd: {kind: openai, format: gemini_generate, keys: ["${KEY}"]}\n'
        "pools: {both: {strategy: random, of: [openai, anthropic]}, far: {strategy: random, of: [both, odd]}}\n"
        f'models: [{{name: "*", provider: {leads}}}]\n'
        f'routes: [{{match: "POST /x", speaks: {speaks}, {pipe}}}, {{match: "POST /y", speaks: {speaks}, {pipe}}}]\n'
    )


def pairs(text: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(crossing.theirs, crossing.providers) for crossing in crossings(program(text), parts())]


@pytest.mark.parametrize(
    ("leads", "speaks", "theirs"),
    [
        ("openai", "openai_chat", []),
        ("openai", "openai_responses", []),  # its kind speaks both
        ("openai", "anthropic_messages", [("openai_chat", ("openai",))]),
        ("both", "anthropic_messages", [("openai_chat", ("openai",))]),
        ("far", "gemini_generate", [("openai_chat", ("openai",)), ("anthropic_messages", ("anthropic",))]),
        ("odd", "openai_responses", [("gemini_generate", ("odd",))]),
    ],
)
def test_providers_behind_the_models_that_speak_another_format(leads: str, speaks: str, theirs: list[object]) -> None:
    assert pairs(table(leads, speaks)) == theirs


def test_routes_that_convert_alike_are_told_together() -> None:
    (crossing,) = crossings(program(table("openai", "anthropic_messages")), parts())
    assert (crossing.routes, crossing.on_loss) == (("POST /x", "POST /y"), "warn")


def test_a_route_that_calls_nobody_converts_nothing() -> None:
    assert pairs(table("openai", "anthropic_messages", "pipeline: [models]")) == []


def test_where_everyone_may_be_asked_everyone_counts() -> None:
    text = table("openai", "openai_chat", PIPE.replace("select,", "select: {by: even},").replace("decode, ", "decode, "))
    assert [theirs for theirs, _ in pairs(text)] == ["anthropic_messages", "gemini_generate"]


def test_one_line_names_what_is_lost_by_kind() -> None:
    found = crossings(program(table("openai", "anthropic_messages")), parts())
    head, line = write_crossings(found, whole=False).splitlines()
    assert "engine check --losses" in head
    assert line.startswith("  anthropic_messages -> openai_chat (openai), POST /x, POST /y: ")
    for feature, loss in lost("anthropic_messages", "openai_chat").items():
        assert feature.name in line.partition(f"{loss.kind}: ")[2].partition(";")[0]


def test_the_whole_table_has_a_line_for_each_feature() -> None:
    found = crossings(program(table("openai", "anthropic_messages")), parts())
    lines = write_crossings(found, whole=True).splitlines()[2:]
    rows = lost("anthropic_messages", "openai_chat")
    assert len(lines) == len(rows)
    assert {tuple(line.split()[:2]) for line in lines} == {(loss.kind, feature.name) for feature, loss in rows.items()}


def test_a_route_that_refuses_losses_says_so() -> None:
    text = table("openai", "anthropic_messages", PIPE.replace("convert", "convert: {on_loss: refuse}"))
    assert "on_loss: refuse" in write_crossings(crossings(program(text), parts()), whole=False)


def test_nothing_to_convert_is_nothing_to_say() -> None:
    assert write_crossings([], whole=True) == ""


def test_what_is_forwarded_is_not_converted() -> None:
    pipe = 'pipeline: [auth: {keys: ["${KEY}"]}, forward: {by: model, below: /}]'
    assert pairs(table("openai", "anthropic_messages", pipe)) == []
