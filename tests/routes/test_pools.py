from __future__ import annotations

import timeit

import pytest

from tests.tools.tables import codes, says

HEALTH = 'routes: [{match: "GET /health", pipeline: [health]}]\n'
ECHO = "version: 1\nproviders: {echo: {kind: echo}}\n"


def pools(**of: list[str]) -> str:
    rows = "".join(f"  {name}: {{strategy: random, of: [{', '.join(members)}]}}\n" for name, members in of.items())
    return ECHO + "pools:\n" + rows + HEALTH


@pytest.mark.parametrize(
    ("table", "circles"),
    [
        ({"a": ["b"], "b": ["a"]}, ["cycle: a -> b -> a"]),
        ({"a": ["a"]}, ["cycle: a -> a"]),
        ({"x": ["a"], "a": ["b"], "b": ["c", "echo"], "c": ["b"]}, ["cycle: b -> c -> b"]),
        ({"a": ["b", "c"], "b": ["echo"], "c": ["b"]}, []),
    ],
)
def test_circles_of_pools_are_told_once(table: dict[str, list[str]], circles: list[str]) -> None:
    assert says(pools(**table), "R038") == circles


def test_a_long_chain_of_pools_is_no_trouble() -> None:
    chain = {f"p{i}": [f"p{i + 1}"] for i in range(3000)}
    said = says(pools(**chain, p3000=["p0"]), "R038")
    assert said == ["cycle: p0 -> p1 -> p2 -> p3 -> p4 -> p5 -> (2994 more) -> p3000 -> p0"]


def test_a_pool_of_pools_must_not_multiply_without_end() -> None:
    doubling = {f"p{i}": [f"p{i + 1}", f"q{i + 1}"] for i in range(40)} | {
        f"q{i}": [f"p{i + 1}", f"q{i + 1}"] for i in range(1, 40)
    }
    text = pools(**doubling, p40=["echo"], q40=["echo"])
    assert timeit.timeit(lambda: codes(text), number=1) < 1
    assert "R008" in codes(text)
