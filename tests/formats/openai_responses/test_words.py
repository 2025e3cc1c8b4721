from __future__ import annotations

import pytest

from engine.answer import Finish
from engine.formats.openai_responses.words import finish_of


@pytest.mark.parametrize(
    ("status", "reason", "called", "finish"),
    [
        ("completed", "", False, "stop"),
        ("completed", "", True, "calls"),
        ("", "", False, "stop"),
        ("incomplete", "max_output_tokens", False, "length"),
        ("incomplete", "max_output_tokens", True, "length"),
        ("incomplete", "content_filter", False, "filter"),
        ("incomplete", "steered", False, "other"),
    ],
)
def test_calls_win_over_a_good_end_only(status: str, reason: str, called: bool, finish: Finish) -> None:
    assert finish_of(status, reason, called) == finish
