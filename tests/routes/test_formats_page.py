from __future__ import annotations

import pytest

from engine.formats import FORMATS
from engine.formats.losses import COLUMNS, FEATURES
from engine.routes.formats_page import BEGIN, END, with_summary, write_formats, write_summary


def test_the_page_has_every_format_and_a_row_for_every_feature() -> None:
    page = write_formats(FORMATS)
    for name in COLUMNS:
        assert f"- `{name}`: {FORMATS[name].family}" in page
    rows = [line.split("`")[1] for line in page.splitlines() if line.startswith("| `")]
    assert set(FEATURES) <= set(rows)


def test_every_pair_says_what_is_refused_changed_and_dropped() -> None:
    page = write_formats(FORMATS)
    told = page.partition("**`anthropic_messages` client, `openai_chat` provider.**")[2].partition("**")[0]
    assert "Refused: `file_url`" in told
    assert "Dropped: " in told
    assert "`seed`" not in told, "an Anthropic client cannot say it"


def test_the_summary_counts_four_kinds_for_each_pair() -> None:
    rows = [line.split(" | ") for line in write_summary().splitlines()[2:]]
    assert len(rows) == len(COLUMNS)
    for index, row in enumerate(rows):
        assert row[index + 1].strip(" |") == "byte for byte"
        assert all(cell.count("/") == 3 for at, cell in enumerate(row[1:]) if at != index)


def test_the_summary_goes_between_the_markers_and_nothing_else_changes() -> None:
    text = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    made = with_summary(text)
    assert made == f"before\n{BEGIN}\n{write_summary()}\n{END}\nafter\n"
    assert with_summary(made) == made
    with pytest.raises(ValueError, match="missing"):
        with_summary("nothing")
