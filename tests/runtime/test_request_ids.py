from __future__ import annotations

import re

import pytest

from engine.runtime.request_ids import request_ids

WALL = 1_732_704_645.9


@pytest.mark.parametrize(
    ("form", "looks"), [("req", r"req-[0-9a-f]{20}"), ("hex", r"[0-9a-f]{16}"), ("dated", r"req-1732704645-[0-9a-f]{12}")]
)
def test_each_form_is_as_it_says(form: str, looks: str) -> None:
    """A38"""
    new_id = request_ids(form, lambda: WALL)
    assert all(re.fullmatch(looks, new_id()) for _ in range(100))


@pytest.mark.parametrize("form", ["req", "hex", "dated"])
def test_no_two_are_alike_in_one_worker_or_in_two(form: str) -> None:
    one, two = request_ids(form, lambda: WALL), request_ids(form, lambda: WALL)
    assert len({new_id() for new_id in (one, two) for _ in range(1000)}) == 2000
