from __future__ import annotations

from pathlib import Path

import jsonschema
import orjson

from engine.routes.text import load
from tests.tools.commands import ROOT, ran


def test_written_schemas_are_current_until_they_are_touched(tmp_path: Path) -> None:
    into = ["--into", str(tmp_path / "schemas")]
    assert ran("schema", "--check", *into).code == 1
    assert "wrote" in ran("schema", *into).out
    assert ran("schema", "--check", *into).code == 0
    (tmp_path / "schemas/routes.json").write_text("{}")
    assert "is stale" in ran("schema", "--check", *into).err
    (tmp_path / "schemas/left-over.json").write_text("{}")
    assert "removed" in ran("schema", *into).out
    assert ran("schema", "--check", *into).code == 0


def test_the_shipped_schema_accepts_the_shipped_table() -> None:
    schema = orjson.loads((ROOT / "schemas/routes.json").read_bytes())
    jsonschema.Draft202012Validator.check_schema(schema)
    table, complaints = load((ROOT / "routes.yaml").read_text(), "routes.yaml")
    assert table is not None
    assert not complaints
    jsonschema.validate(table.plain(), schema)
