from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.providers.sample import sample


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string"}, "said"),
        ({"type": "string", "maxLength": 2}, "sa"),
        ({"type": "string", "format": "date"}, "2026-01-01"),
        ({"type": "string", "enum": ["c", "f"]}, "c"),
        ({"const": 7}, 7),
        ({"type": "integer", "default": 3}, 3),
        ({"type": "integer", "examples": [9]}, 9),
        ({"type": "integer"}, 1),
        ({"type": "integer", "minimum": 5}, 5),
        ({"type": "number", "exclusiveMinimum": 5}, 6),
        ({"type": "number", "maximum": -2.5}, -2.5),
        ({"type": "boolean"}, True),
        ({"type": "null"}, None),
        ({"type": ["null", "string"]}, "said"),
        ({"anyOf": [{"type": "null"}, {"type": "integer"}]}, 1),
        ({"type": "array", "items": {"type": "string"}, "minItems": 2}, ["said", "said"]),
        ({"type": "array"}, []),
        ({"type": "object"}, {}),
        ({"type": "object", "properties": {"a": {"type": "string"}, "b": {}}, "required": ["a"]}, {"a": "said"}),
        ({"properties": {"a": {"$ref": "#/$defs/n"}}, "required": ["a"], "$defs": {"n": {"type": "integer"}}}, {"a": 1}),
    ],
)
def test_samples(schema: dict[str, Any], value: object) -> None:
    assert sample(schema, "said") == value
    jsonschema.validate(value, schema)


@pytest.mark.parametrize(
    "schema", [{"$ref": "#"}, {"anyOf": [{"$ref": "#/anyOf/0"}]}, {"$ref": "#/nowhere"}, {"$ref": 1}, None, 3, []]
)
def test_schemas_that_lead_nowhere_give_nothing(schema: object) -> None:
    assert sample(schema, "said") in (None, "said")


def test_a_schema_that_holds_itself_ends() -> None:
    tree = {"type": "object", "properties": {"next": {"$ref": "#"}}, "required": ["next"]}
    assert str(sample(tree, "said")).count("next") < 10


@pytest.mark.parametrize("inner", [{"type": "array", "minItems": 8, "items": {"$ref": "#"}}, {"$ref": "#"}])
def test_a_schema_that_multiplies_is_bounded(inner: dict[str, Any]) -> None:
    wide = {"type": "object", "properties": {f"k{i}": inner for i in range(90)}, "required": [f"k{i}" for i in range(90)]}
    assert str(sample({**wide}, "x")).count("k") < 20_000


WORDS = [
    "type",
    "properties",
    "required",
    "items",
    "anyOf",
    "$ref",
    "enum",
    "minItems",
    "maxLength",
    "minimum",
    "maximum",
    "format",
]
ODD: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers(-3, 10**12) | st.sampled_from(["object", "array", "string", "integer", "#", "#/items"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=200, deadline=None)
@given(ODD)
def test_odd_schemas_are_no_harm(schema: Any) -> None:
    assert sample(schema, "said") == sample(schema, "said")
