from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.program import Program
from engine.routes.echo import duration, size, write_table
from engine.units import read_duration, read_size
from tests.tools.tables import checked, program

CASES = sorted((Path(__file__).parents[1] / "golden" / "routes").glob("*.txt"))
# A masked proxy is no URL any more.
TABLES = {case.stem: case.read_text().split("----------\n")[0] for case in CASES}
VALID = [name for name, table in TABLES.items() if "proxy" not in table and checked(table).program]


def meaning(found: Program) -> dict[str, Any]:
    """A program without its places and its secrets."""
    return {
        "server": found.server,
        "providers": {
            name: dataclasses.replace(p, keys=(), unavailable=str(bool(p.unavailable)), proxy=None)
            for name, p in found.providers.items()
        },
        "pools": dict(found.pools),
        "models": found.models,
        "default": found.default,
        "routes": [
            (r.name, r.methods, r.speaks, r.public, r.errors, [(use.word, without_secrets(use.part)) for use in r.stages])
            for r in found.routes
        ],
    }


def without_secrets(part: Any) -> Any:
    return dataclasses.replace(part, keys=[], named={}) if hasattr(part, "named") else part


@pytest.mark.parametrize("case", VALID)
def test_what_is_echoed_means_the_same(case: str) -> None:
    first = program(TABLES[case])
    assert meaning(program(write_table(first))) == meaning(first)


def test_secrets_are_masked_and_empty_ones_stay_empty() -> None:
    text = (
        'version: 1\nproviders:\n  a: {kind: openai, keys: ["${KEY}"], transport: httpx, proxy: "http://user:canary-pass@proxy:1"}\n'
        'routes: [{match: "GET /x", pipeline: [auth: {keys: ["${KEY}", "${EMPTY}"]}, health]}]\n'
    )
    echoed = write_table(program(text))
    assert "***6789" in echoed
    assert "sk-canary" not in echoed
    assert "canary-pass" not in echoed
    assert "''" in echoed or '""' in echoed


def test_defaults_are_filled_in_and_written_as_a_person_writes_them() -> None:
    echoed = write_table(program('version: 1\nroutes: [{match: "GET /x", pipeline: [health]}]\n'))
    assert "head: 64KiB" in echoed
    assert "idle: 75s" in echoed
    assert "workers: 1" in echoed


def test_providers_that_cannot_be_called_are_told_first() -> None:
    text = 'version: 1\nproviders: {a: {kind: groq}}\nroutes: [{match: "GET /x", pipeline: [health]}]\n'
    assert write_table(program(text)).startswith("# provider `a` is unavailable: add `keys:")


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from("ab1.e0x:-#'\"{}[]$&*!|>%@`, ~yn\u00e4\n"), min_size=1, max_size=12))
def test_any_text_comes_back(text: str) -> None:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("${", "$${")
    table = f'version: 1\nroutes: [{{match: "GET /x", pipeline: [respond: {{body: "{quoted}"}}]}}]\n'
    first = program(table)
    assert first.routes[0].stages[0].part.body == text  # type: ignore[attr-defined]
    assert meaning(program(write_table(first))) == meaning(first)


@given(st.integers(0, 10**9 - 1))
def test_durations_and_sizes_are_read_back(number: int) -> None:
    assert read_size(size(number)) == number
    assert read_duration(duration(float(number))) == number
    assert read_duration(duration(number / 1000)) == pytest.approx(number / 1000)


def test_the_largest_unit_that_says_it_whole() -> None:
    assert [duration(s) for s in (0.25, 1, 75, 300, 7200, 0, 0.0005)] == ["250ms", "1s", "75s", "5m", "2h", "0s", "0.5ms"]
    assert [size(n) for n in (0, 1, 1000, 65536, 10 << 20, 1 << 30)] == ["0B", "1B", "1000B", "64KiB", "10MiB", "1GiB"]
