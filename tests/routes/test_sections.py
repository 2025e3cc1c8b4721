from __future__ import annotations

import pytest

from tests.tools.tables import checked, codes

HEALTH = 'routes: [{match: "GET /health", pipeline: [health]}]\n'
USES = "models: [{name: x, provider: a}]\ndefault: {provider: b}\n" + HEALTH


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("provider: {a: {kind: echo}, b: {kind: echo}}\n", ["R020"]),
        ("provider: {a: {kind: echo}, b: {kind: ecko}}\n", ["R020", "R037"]),
        ("upstreams: {a: {kind: echo}, b: {kind: echo}}\n", ["R020"]),
        ("providers: [a: {kind: echo}, {name: b}]\n", ["R022"]),
        ("provider: [a: {kind: echo}, {name: b}]\n", ["R020"]),
        ("upstreams: {a: {kind: echo}}\n", ["R020", "R030"]),
        ("x-providers: {a: {}, b: {}}\n", ["R030", "R030"]),
    ],
)
def test_what_stands_in_a_section_that_was_meant_exists(section: str, told: list[str]) -> None:
    assert codes("version: 1\n" + section + USES) == told


def test_a_misspelt_section_is_not_missing_too() -> None:
    assert codes("verison: 1\nroute: " + HEALTH.removeprefix("routes: ")) == ["R020", "R020"]
    assert codes("verison: 2\n" + HEALTH) == ["R020", "R025"]


def test_two_sections_of_one_name_are_not_mixed() -> None:
    text = "version: 1\nproviders: {a: {kind: echo}}\nprovider: {b: {kind: nonsense}}\n" + USES
    assert codes(text) == ["R020"]


def test_a_declaration_without_its_colon() -> None:
    (complaint,) = checked("version: 1\nproviders:\n  a {kind: echo}\n  b: {kind: echo}\n" + USES).complaints
    assert (complaint.code, complaint.line, complaint.hint) == ("R023", 3, "a `:` is missing after the first word")


def test_a_section_without_its_space() -> None:
    (complaint,) = [c for c in checked('{version: 1, "default:a": , routes: []}').complaints if c.code == "R020"]
    assert complaint.hint == "a space is missing after `default:`"
