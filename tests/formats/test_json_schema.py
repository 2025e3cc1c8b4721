from __future__ import annotations

import copy
from typing import Any

import pytest

from engine.formats.json_schema import from_openapi


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ({"type": "STRING"}, {"type": "string"}),
        ({"type": "STRING", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "STRING", "nullable": False}, {"type": "string"}),
        ({"type": "OBJECT", "propertyOrdering": ["a"]}, {"type": "object"}),
        (
            {"type": "OBJECT", "properties": {"TYPE": {"type": "NUMBER"}, "nullable": {"type": "BOOLEAN"}}},
            {"type": "object", "properties": {"TYPE": {"type": "number"}, "nullable": {"type": "boolean"}}},
        ),
        (
            {"type": "ARRAY", "items": {"type": "INTEGER", "nullable": True}},
            {"type": "array", "items": {"type": ["integer", "null"]}},
        ),
        ({"any_of": [{"type": "STRING"}]}, {"anyOf": [{"type": "string"}]}),
        ({"anyOf": [{"type": "STRING"}, True]}, {"anyOf": [{"type": "string"}, True]}),
        ({"type": ["string"], "enum": ["STRING"]}, {"type": ["string"], "enum": ["STRING"]}),
        ({"properties": 3, "items": "x", "anyOf": {}}, {"properties": 3, "items": "x", "anyOf": {}}),
    ],
)
def test_googles_subset_becomes_json_schema(given: dict[str, Any], made: dict[str, Any]) -> None:
    before = copy.deepcopy(given)
    assert from_openapi(given) == made
    assert given == before
    assert from_openapi(made) == made
