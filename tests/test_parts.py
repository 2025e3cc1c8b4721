from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import jsonschema
import pytest

import engine.stages
from engine.parts import Part, Registry, Stage, build, option, options_of, schema_of, summary_of
from engine.secret import Secret


@dataclass(frozen=True)
class Inner(Part):
    """Inner words."""

    size: int = option("How much.", default="1KiB", unit="size")


@dataclass(frozen=True)
class Sample(Part):
    """What it is for.

    And more."""

    must: str = option("Needed.")
    wait: float = option("How long.", default="5s", unit="duration")
    keys: list[Secret] = option("Secrets.", default=[])
    kind: Literal["a", "b"] = option("Which.", default="a")
    many: int = option("How many.", default=3, minimum=1, maximum=9)
    inner: Inner = option("Nested.", default=Inner())
    maybe: str | None = option("Perhaps.", default=None)
    table: dict[str, str] = option("Names.", default={})


def test_the_schema_is_derived_from_the_fields() -> None:
    schema = schema_of(Sample)
    assert schema["required"] == ["must"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["wait"]["default"] == "5s"
    assert schema["properties"]["kind"]["enum"] == ["a", "b"]
    assert schema["properties"]["many"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 9,
        "description": "How many.",
        "default": 3,
    }
    assert schema["properties"]["inner"]["properties"]["size"]["type"] == "string"
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("bad", [{}, {"must": 1}, {"must": "x", "wait": 5}, {"must": "x", "wait": "5"}, {"must": "x", "no": 1}])
def test_the_schema_refuses(bad: dict[str, object]) -> None:
    assert not jsonschema.Draft202012Validator(schema_of(Sample)).is_valid(bad)


def test_build_reads_units_and_wraps_secrets() -> None:
    sample = build(Sample, {"must": "x", "wait": "250ms", "keys": ["k"], "inner": {"size": "2KiB"}, "maybe": "y"})
    assert sample == Sample("x", 0.25, [Secret("k")], "a", 3, Inner(2048), "y", {})
    assert build(Sample, {"must": "x"}).wait == 5.0


def test_defaults_are_not_shared() -> None:
    build(Sample, {"must": "x"}).keys.append(Secret("k"))
    assert build(Sample, {"must": "y"}).keys == []


def test_summary_and_options_come_from_the_code() -> None:
    assert summary_of(Sample).startswith("What it is for.")
    assert [f.name for f, _, _ in options_of(Sample)][:2] == ["must", "wait"]


def test_the_folder_is_the_registry() -> None:
    stages = Registry.of_folder("stage", engine.stages, Stage)
    assert {"auth", "decode", "select", "call", "convert", "log"} <= set(stages)
    assert stages["auth"].word == "auth"
    assert "nonsense" not in stages
