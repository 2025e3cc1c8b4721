"""Whole tables in, complaints or programs out: the golden cases, and what may never escape (reliability.md, F-63)."""

from __future__ import annotations

import json
import os
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.complaint import Complaint
from engine.program import Program
from engine.routes.complaints import CODES, render_text
from engine.routes.explain import describe_routes
from tests.tools.tables import ENVIRON, FILES, checked, program

CASES = sorted((Path(__file__).parents[1] / "golden" / "routes").glob("*.txt"))
LINE = "----------\n"
# `.env` is read before the table; its complaints are shown in test_dotenv.py.
ELSEWHERE = {"R013"}


def split(case: Path) -> tuple[str, str]:
    table, _, expected = case.read_text().partition(LINE)
    return table, expected


def outcome(table: str) -> str:
    """The complaints as a person sees them, and of a program its gist."""
    result = checked(table)
    shown = render_text(result.complaints, {"routes.yaml": table})
    return shown + (("\n" if shown else "") + gist(result.program) if result.program else "")


def gist(program: Program) -> str:
    lines = ["ok", f"listen {program.server.listen}"]
    lines += [
        f"provider {p.name}: {p.origin}{p.path} {p.format} {p.credential} {[str(key) for key in p.keys]}"
        for p in program.providers.values()
    ]
    lines += [f"pool {p.name}: {p.part}, of {', '.join(p.of)}" for p in program.pools.values()]
    lines += [f"model {m.name} -> {m.provider} {m.model}".rstrip() for m in program.models]
    lines += [f"default -> {program.default.provider or program.default.model}"] if program.default else []
    lines += [f"route {'|'.join(r.methods)} {r.pattern}" for r in program.routes]
    lines += [" | ".join(row) for row in describe_routes(program)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_golden(case: Path) -> None:
    table, expected = split(case)
    told = outcome(table)
    if os.environ.get("REGENERATE"):
        case.write_text(table + LINE + told)
    assert told == expected


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_substituted_secret_is_never_shown(case: Path) -> None:
    table, _ = split(case)
    result = checked(table)
    told = outcome(table) + repr(result.program) + repr(result.complaints)
    for secret in (ENVIRON["KEY"], FILES["/run/secrets/key"].strip()):
        assert secret not in told


def test_there_are_sixty_cases() -> None:
    assert len(CASES) >= 60


def shown_codes() -> set[str]:
    return {complaint.code for case in CASES for complaint in checked(split(case)[0]).complaints}


def test_every_code_is_shown_and_every_code_shown_is_known() -> None:
    assert shown_codes() == set(CODES) - ELSEWHERE


def test_ten_mistakes_are_all_told_in_one_pass() -> None:
    """The issue's show 2: ten different mistakes, each with its own place."""
    (case,) = [case for case in CASES if case.stem == "ten_mistakes"]
    errors = [c for c in checked(split(case)[0]).complaints if c.severity == "error"]
    assert len({(c.line, c.column) for c in errors}) >= 10
    assert len({c.code for c in errors}) >= 10


def test_complaints_point_into_the_file() -> None:
    for case in CASES:
        table, _ = split(case)
        for complaint in checked(table).complaints:
            assert_points_into(complaint, table)


def assert_points_into(complaint: Complaint, table: str) -> None:
    lines = table.split("\n")
    assert 1 <= complaint.line <= len(lines), complaint
    assert 1 <= complaint.column <= len(lines[complaint.line - 1]) + 1, complaint


TABLES = [split(case)[0] for case in CASES if case.stem.startswith(("valid", "ten", "r02", "r05"))]
ODD = [
    "",
    " ",
    "\n",
    "- ",
    ": ",
    "{",
    "}",
    "[",
    "]",
    "&a ",
    "*a",
    "${",
    "}",
    '"',
    "\t",
    "null",
    "-1",
    "1e9",
    "10s",
    "GET /",
    "{x}",
    "...",
    "|",
    ">",
    "#",
    "é",
]


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A table with a few pieces of it cut out, doubled, moved or replaced."""
    text = draw(st.sampled_from(TABLES))
    for _ in range(draw(st.integers(1, 4))):
        a = draw(st.integers(0, len(text)))
        b = min(len(text), a + draw(st.integers(0, 30)))
        piece = draw(st.one_of(st.sampled_from(ODD), st.just(text[a:b] * 2), st.text(max_size=5)))
        text = text[:a] + piece + text[b:]
    return text


def check_quickly(text: str) -> None:
    began = time.perf_counter()
    result = checked(text)
    outcome = render_text(result.complaints, {"routes.yaml": text})
    assert time.perf_counter() - began < 1
    errors = [c for c in result.complaints if c.severity == "error"]
    assert (result.program is None) is bool(errors)
    assert {c.code for c in result.complaints} <= set(CODES)
    assert ENVIRON["KEY"] not in outcome


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
def test_any_text_gives_complaints_or_a_program(text: str) -> None:
    check_quickly(text)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated())
def test_any_spoilt_table_gives_complaints_or_a_program(text: str) -> None:
    check_quickly(text)


SCALARS = ["", "x", "echo", "10s", "GET /a", "health", "call", "decode", "1"]
KEYS = ["kind", "keys", "strategy", "of", "name", "provider", "model", "match", "pipeline", "speaks", "auth", "select", "call"]
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.sampled_from(SCALARS)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from([*KEYS, "echo", "health", "headers", "limits", "listen"]), inner, max_size=3),
    ),
    max_leaves=8,
)
SECTIONS = ["version", "server", "providers", "pools", "models", "default", "pipelines", "routes"]


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(SECTIONS), VALUES, max_size=8))
def test_any_structure_gives_complaints_or_a_program(table: dict[str, Any]) -> None:
    check_quickly(json.dumps(table))


LARGE = {
    "routes": "version: 1\nroutes:\n"
    + "".join(f'  - {{match: "GET /a{i}/{{x}}/{{y}}", pipeline: [health]}}\n' for i in range(3000)),
    "same route": "version: 1\nroutes:\n" + '  - {match: "GET /{x}/b", pipeline: [health]}\n' * 3000,
    "unknown models": "version: 1\nmodels:\n"
    + "".join(f"  - {{name: m{i}, provider: p{i}}}\n" for i in range(4000))
    + "routes: []\n",
    "near names": "version: 1\nproviders:\n"
    + "".join(f"  provider-{i}: {{kind: ehco}}\n" for i in range(4000))
    + "routes: []\n",
    "names to be guessed": "version: 1\nproviders:\n"
    + "".join(f"  provider-{i}: {{kind: echo}}\n" for i in range(2000))
    + "models:\n"
    + "".join(f"  - {{name: m{i}, provider: provder-x{i}}}\n" for i in range(2000))
    + "routes: []\n",
    "one route, many slashes": f'version: 1\nroutes: [{{match: "GET {"/a" * 20000}", pipeline: [health]}}]\n',
    "stages": f'version: 1\nroutes: [{{match: "GET /", pipeline: [{"health, " * 9000} health]}}]\n',
}


@pytest.mark.parametrize("name", LARGE)
def test_a_large_table_is_judged_in_bounded_time(name: str) -> None:
    """F-63: within 1 s of CPU time; the best of three, since a busy machine makes the same work cost twice as much."""

    def spent() -> float:
        began = time.process_time()
        checked(LARGE[name])
        return time.process_time() - began

    assert any(spent() < 1 for _ in range(3))


def test_a_table_takes_bounded_memory() -> None:
    """Of a table as large as may be, 100,000 values, a fiftieth: 64 MiB are for the whole."""
    text = "version: 1\nroutes:\n" + "".join(f'  - {{match: "GET /a{i}/{{x}}", pipeline: [health]}}\n' for i in range(400))
    tracemalloc.start()
    checked(text)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < (64 << 20) / 25


def test_the_same_text_and_values_are_the_same_program() -> None:
    text = 'version: 1\nproviders: {a: {kind: openai, keys: ["${KEY}"]}}\nroutes: [{match: "GET /", pipeline: [health]}]\n'
    one = program(text).digest
    assert program(text).digest == one
    assert program(text, UNRELATED="x").digest == one
    assert program(text, KEY="another").digest != one
    assert program(text + "# a remark\n").digest != one
    assert "sk-canary" not in one


def test_values_do_not_run_into_each_other_in_the_digest() -> None:
    text = (
        'version: 1\nproviders: {a: {kind: openai, keys: ["${A}", "${B}"]}}\nroutes: [{match: "GET /", pipeline: [health]}]\n'
    )
    assert program(text, A="ab", B="c").digest != program(text, A="a", B="bc").digest


def test_a_program_keeps_its_warnings() -> None:
    text = 'version: 1\nproviders: {a: {kind: groq}}\nroutes: [{match: "GET /", pipeline: [health]}]\n'
    found = program(text)
    assert [warning.code for warning in found.warnings] == ["R061"]
    assert found.routes[0].line == 3
    assert found.routes[0].stages[0].line == 3


def test_a_byte_order_mark_is_not_part_of_the_table() -> None:
    text = (
        'version: 1\nproviders: {a: {kind: openai, keys: ["${UNSET_KEY:-}"]}}\nroutes: [{match: "GET /", pipeline: [health]}]\n'
    )
    assert checked("\ufeff" + text).complaints == checked(text).complaints
