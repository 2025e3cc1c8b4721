from __future__ import annotations

import pytest

from engine.formats.tolerant import MOST_TOKENS, count, mapping, sequence, text


@pytest.mark.parametrize(("value", "tokens"), [(3, 3), (3.0, 3), (-1, 0), (-0.5, 0), (None, 0), ("3", 0), (True, 0), ([], 0)])
def test_counts(value: object, tokens: int) -> None:
    assert count(value) == tokens


@pytest.mark.parametrize(("value", "tokens"), [(MOST_TOKENS, MOST_TOKENS), (MOST_TOKENS + 1, 0), (1e308, 0), (2**64 - 1, 0)])
def test_a_count_that_cannot_be_does_not_spoil_the_figures(value: object, tokens: int) -> None:
    """F-10: figures are kept in 64 bits; one count beyond them would be the end of /metrics."""
    assert count(value) == tokens


def test_shapes_are_never_taken_for_granted() -> None:
    assert (mapping([1]), mapping({"a": 1})) == ({}, {"a": 1})
    assert (sequence({}), sequence([1])) == ([], [1])
    assert (text(None), text("x")) == ("", "x")
