from __future__ import annotations

import pytest

from engine.routes.raw import MAX_BYTES, split_lines, unfit


def found(text: str) -> list[tuple[str, int, int]]:
    return [(c.code, c.line, c.column) for c in unfit(text, "f")]


def test_lines_end_as_in_yaml_1_2() -> None:
    assert split_lines("a\nb\r\nc\rd\x85e\u2028f") == ["a", "b", "c", "d\x85e\u2028f"]


def test_ordinary_text_is_fit() -> None:
    assert found("a: 1\n\tb: 'ü 日本 😀 \xa0 %'\r\n# 100 %\n") == []


@pytest.mark.parametrize(
    "character",
    [chr(p) for p in (0, 7, 0x1B, 0x7F, 0x85, 0x9F, 0xD800, 0xDFFF, 0xFEFF, 0xFFFE, 0xFFFF, 0x2028, 0x202E, 0x2066)],
    ids=lambda character: f"U+{ord(character):04X}",
)
def test_illegal_characters_are_placed(character: str) -> None:
    assert found(f"a: 1\r\nb: x{character}") == [("R009", 2, 5)]


def test_many_illegal_characters_do_not_make_many_complaints() -> None:
    assert len(found("\0" * 1000)) == 20


def test_size_is_counted_in_bytes() -> None:
    assert found("x" * MAX_BYTES) == []
    assert found("x" * (MAX_BYTES + 1)) == [("R008", 1, 1)]
    assert found("日" * (MAX_BYTES // 3 + 1)) == [("R008", 1, 1)]


def test_directives_are_refused_where_they_stand() -> None:
    assert found("# x\n%YAML 1.2\n---\na: 1\n") == [("R006", 2, 1)]
