"""engine/observe/refusals.py: what was refused, in words (F-37)."""

from __future__ import annotations

from typing import Any

from engine.faults import TABLE
from engine.observe.metrics import Figures
from engine.observe.refusals import Refusals


def test_one_line_for_each_kind_and_how_many_there_were_f37() -> None:
    figures, said = Figures(), []

    def say(kind: str, message: str, level: str, **facts: Any) -> None:
        said.append((kind, message, level, facts))

    refusals = Refusals(figures.refused, say)
    refusals.tell()
    assert said == []
    for _ in range(10_000):
        figures.count("refused.bad_request")
    figures.count("refused.uri_too_long")
    figures.count("reload.ok")
    refusals.tell()
    refusals.tell()
    words = TABLE["bad_request"].says
    assert said[0] == (
        "refused_bad_request", f"10000 refused: {words}", "warning", {"code": "bad_request", "count": 10_000}
    )  # fmt: skip
    assert [kind for kind, *_ in said] == ["refused_bad_request", "refused_uri_too_long"]
    figures.count("refused.bad_request")
    refusals.tell()
    assert said[2][3] == {"code": "bad_request", "count": 1}


def test_the_label_is_a_row_of_the_table() -> None:
    figures = Figures()
    for code in TABLE:
        figures.count(f"refused.{code}")
    assert figures.refused() == dict.fromkeys(TABLE, 1)
