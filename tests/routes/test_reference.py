from __future__ import annotations

from engine.faults import TABLE
from engine.routes.complaints import CODES
from engine.routes.reference import KINDS, entries, write_entry, write_errors, write_reference
from engine.routes.shape import SECTIONS
from engine.runtime.table import parts


def test_every_part_is_documented_option_by_option() -> None:
    for entry in entries(parts()):
        assert entry.kind in KINDS
        assert len(entry.says) >= 5, f"{entry.kind} {entry.word} says nothing of itself"
        for name, kind, _, says in entry.options:
            assert kind, name
            assert says.endswith((".", "?", "`", ")")), f"{entry.word}.{name}: {says!r} is no sentence"


def test_stages_have_an_example() -> None:
    assert [entry.word for entry in entries(parts()) if entry.kind == "stage" and not entry.example] == []


def test_the_reference_holds_every_part_every_code_and_every_section() -> None:
    text = write_reference(parts(), SECTIONS)
    for entry in entries(parts()):
        assert f"### `{entry.word}`" in text
    for code in CODES:
        assert f"| `{code}` |" in text
    for section in SECTIONS:
        assert f"### `{section}`" in text


def test_every_fault_is_in_the_table_of_errors() -> None:
    text = write_errors()
    for code, row in TABLE.items():
        assert f"| `{code}` | {row.status} |" in text


def test_a_part_is_told_in_plain_text() -> None:
    (call,) = [entry for entry in entries(parts()) if entry.word == "call"]
    told = write_entry(call)
    assert "timeout: duration = 10m" in told
    assert "  example:" in told
