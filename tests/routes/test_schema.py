"""The editor's schema must never contradict the checker."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from engine.routes.schema import schema_files, table_schema
from engine.routes.text import load
from tests.tools.tables import checked, parts

SCHEMA: dict[str, Any] = table_schema(parts())
JUDGE = Draft202012Validator(SCHEMA)
CASES = sorted((Path(__file__).parents[1] / "golden" / "routes").glob("*.txt"))
# What a schema can see: keys, types, units and words.
SEEN_BY_SCHEMA = {"R020", "R021", "R022", "R024", "R025", "R034", "R035", "R037"}


def read(case: Path) -> str:
    return case.read_text().split("----------\n")[0]


def plain(text: str) -> Any:
    """As YAML 1.2 reads it: in 1.1 the key `on` is true."""
    node, _ = load(text, "f")
    return node and node.plain()


def test_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("case", [case for case in CASES if case.stem.startswith("valid_")], ids=lambda case: case.stem)
def test_an_editor_finds_nothing_wrong_with_a_valid_table(case: Path) -> None:
    assert [error.message for error in JUDGE.iter_errors(plain(read(case)))] == []


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.stem[:4] in ("r020", "r024", "r034", "r035", "r037")], ids=lambda case: case.stem
)
def test_an_editor_sees_wrong_keys_units_and_words_too(case: Path) -> None:
    assert {c.code for c in checked(read(case)).complaints} & SEEN_BY_SCHEMA
    assert not JUDGE.is_valid(plain(read(case)))


def test_a_substitution_may_stand_for_any_scalar() -> None:
    table = """
version: 1
server: {listen: "${LISTEN}", workers: "${WORKERS:-1}", limits: {head: "${HEAD}"}}
providers: {echo: {kind: echo, http2: "${HTTP2:-false}", wait: "${WAIT:-5s}", transport: "${T:-h11}"}}
routes: [{match: "GET /health", speaks: "${F:-openai_chat}", pipeline: [health: {shape: "${SHAPE:-text}"}]}]
"""
    assert [error.message for error in JUDGE.iter_errors(plain(table))] == []


def descriptions(schema: Any, path: str = "") -> list[str]:
    """Paths of properties without a description."""
    if isinstance(schema, list):
        return [p for i, inner in enumerate(schema) for p in descriptions(inner, f"{path}[{i}]")]
    if not isinstance(schema, dict):
        return []
    found = []
    if "if" not in schema:  # a condition describes nothing
        for name, inner in schema.get("properties", {}).items():
            if "description" not in inner:
                found.append(f"{path}.{name}")
    return found + [
        p for key, inner in schema.items() if key not in ("if", "examples") for p in descriptions(inner, f"{path}/{key}")
    ]


def test_every_key_explains_itself() -> None:
    assert descriptions(SCHEMA) == []


def test_every_part_has_a_file_of_its_own() -> None:
    files = schema_files(parts())
    assert {f"stages/{word}.json" for word in parts().stages} < set(files)
    assert {f"strategies/{word}.json" for word in parts().strategies} < set(files)
    assert {f"providers/{word}.json" for word in parts().kinds} < set(files)
    for name, text in files.items():
        Draft202012Validator.check_schema(json.loads(text))
        assert text.endswith("}\n"), name


def test_the_same_parts_give_the_same_files() -> None:
    assert schema_files(parts()) == schema_files(parts())
