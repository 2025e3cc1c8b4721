"""What is generated from the code is current: schemas/, docs/ and a table of the README."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.formats import FORMATS
from engine.routes.formats_page import with_summary, write_formats
from engine.routes.reference import write_errors, write_reference
from engine.routes.schema import schema_files
from engine.routes.shape import SECTIONS
from engine.runtime.table import parts

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", sorted(schema_files(parts())))
def test_schemas_are_current(name: str) -> None:
    assert (ROOT / "schemas" / name).read_text() == schema_files(parts())[name], "run `engine schema`"


def test_no_schema_is_left_over() -> None:
    found = {str(path.relative_to(ROOT / "schemas")) for path in (ROOT / "schemas").rglob("*.json")}
    assert found == set(schema_files(parts()))


def test_the_table_of_errors_is_current() -> None:
    assert (ROOT / "docs/errors.md").read_text() == write_errors(), "run `engine parts --errors > docs/errors.md`"


def test_the_page_of_formats_is_current() -> None:
    assert (ROOT / "docs/formats.md").read_text() == write_formats(FORMATS), "run `engine parts --formats > docs/formats.md`"


def test_the_readmes_table_of_formats_is_current() -> None:
    readme = (ROOT / "README.md").read_text()
    assert readme == with_summary(readme), "copy what `engine parts --formats summary` says"


def test_the_reference_is_current() -> None:
    said = "run `engine parts --markdown > docs/routes.md`"
    assert (ROOT / "docs/routes.md").read_text() == write_reference(parts(), SECTIONS), said
