from __future__ import annotations

import pytest

from engine.routes.lost import colon_lost, dash_lost, lacks_space, quote_lost, space_hint, swallowed


@pytest.mark.parametrize(
    ("text", "lacking"), [("listen:8080", True), ("http://host", False), ("a: b", False), ("plain", False)]
)
def test_a_forgotten_space_is_recognised_in_a_value(text: str, lacking: bool) -> None:
    assert lacks_space(text) is lacking


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("kind:ollama", "a space is missing after `kind:`"),
        ("sk-canary9:x", "a space is missing after the colon"),
        ("http://host", ""),
        ("plain", ""),
    ],
)
def test_only_what_looks_like_a_word_of_the_table_is_repeated(text: str, hint: str) -> None:
    assert space_hint(text) == hint


def test_a_key_that_swallowed_its_value_is_known_by_its_beginning() -> None:
    assert swallowed(["kind:ollama", "keys", "x:y", "kind:"], ["kind", "keys"]) == {"kind:ollama": "kind"}


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("    - call    {timeout: 5m}", ("call", 10)),
        ("openai [a]", ("openai", 6)),
        ("call: {timeout: 5m}", None),
        ("- {name: a}", None),
        ("two words {a: b}", None),
    ],
)
def test_a_lost_colon(text: str, lost: tuple[str, int] | None) -> None:
    assert colon_lost(text) == lost


@pytest.mark.parametrize(
    ("lines", "line", "lost"),
    [
        (["- {a: b}", "{a: c}"], 1, 1),
        (["{a: b}", "- {a: c}"], 1, 0),
        (["- {a: b}", "- {a: c}"], 1, None),
        (["a: b", "{a: c}"], 1, None),
        ([], 0, None),
    ],
)
def test_a_lost_dash(lines: list[str], line: int, lost: int | None) -> None:
    assert dash_lost(lines, line) == lost


@pytest.mark.parametrize(
    ("line", "odd"),
    [
        ('{name: "o*, provider: x}', True),
        ("{name: 'o*, provider: x}", True),
        ('{name: "o*", provider: x}', False),
        ('{says: "it\'s", a: b}', False),
        ("{says: it's}", False),
        ('{says: "a\\"b"}', False),
        ('{a: b} # the 6" one', False),
    ],
)
def test_a_lost_quote(line: str, odd: bool) -> None:
    assert quote_lost(["x", line, "y"], 0, 2) == (1 if odd else None)
