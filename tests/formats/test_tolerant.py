from __future__ import annotations

import pytest

from engine.formats.tolerant import count, mapping, sequence, text


@pytest.mark.parametrize(("value", "tokens"), [(3, 3), (3.0, 3), (-1, 0), (None, 0), ("3", 0), (True, 0), ([], 0)])
def test_counts(value: object, tokens: int) -> None:
    assert count(value) == tokens


def test_shapes_are_never_taken_for_granted() -> None:
    assert (mapping([1]), mapping({"a": 1})) == ({}, {"a": 1})
    assert (sequence({}), sequence([1])) == ([], [1])
    assert (text(None), text("x")) == ("", "x")
