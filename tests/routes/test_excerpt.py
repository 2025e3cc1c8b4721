from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.routes.excerpt import WIDTH, Excerpt, Shown, printable


def show(line: str, column: int, length: int = 1) -> Shown:
    return Excerpt(line).show(1, column, length)


def pointed_at(shown: Shown) -> str:
    """What stands above the carets, in a line where each character takes one column."""
    return shown.text[shown.caret : shown.caret + shown.length]


def test_an_ordinary_line_is_shown_as_it_is() -> None:
    assert show("  a: gpt4o   ", 6, 5) == Shown("  a: gpt4o", 5, 5, False)


def test_a_tab_takes_four_columns() -> None:
    shown = show("\ta:\tb", 5, 1)
    assert shown.text == "    a:    b"
    assert pointed_at(shown) == "b"


def test_wide_characters_take_two_columns() -> None:
    shown = show("日本: x", 5, 1)
    assert (shown.text, shown.caret, shown.length) == ("日本: x", 6, 1)
    shown = show("日本: x", 1, 2)
    assert (shown.caret, shown.length) == (0, 4)


def test_combining_characters_take_none() -> None:
    assert show("e\u0301: x", 5, 1).caret == 3


@pytest.mark.parametrize("character", ["\0", "\x1b", "\x9b", "\u202e", "\u200b", "\ud800"])
def test_nothing_that_a_terminal_obeys_is_shown(character: str) -> None:
    shown = show(f"a{character}b", 3, 1)
    assert shown.text == "a\ufffdb"
    assert pointed_at(shown) == "b"


def test_a_long_line_is_trimmed_around_the_column() -> None:
    line = "a" * 300 + "MARK" + "b" * 300
    shown = show(line, 301, 4)
    assert pointed_at(shown) == "MARK"
    assert shown.text.startswith("…a")
    assert shown.text.endswith("b…")
    assert len(shown.text) <= WIDTH + 2
    assert shown.trimmed


def test_a_long_line_with_an_early_column_keeps_its_beginning() -> None:
    shown = show("kind: " + "b" * 300, 1, 4)
    assert shown.text.startswith("kind: b")
    assert shown.text.endswith("…")
    assert not shown.trimmed


def test_a_very_long_line_is_cut_before_anything_else() -> None:
    line = "a" * 1_000_000 + "MARK" + "b" * 40_000
    assert pointed_at(show(line, 1_000_001, 4)) == "MARK"
    assert pointed_at(show("x" * 100_000, 100_000, 1)) == "x"


def test_a_length_beyond_the_line_is_clipped() -> None:
    shown = show("a: b", 4, 50)
    assert pointed_at(shown) == "b"
    assert shown.length == 1
    assert show("", 1, 5) == Shown("", 0, 1, False)
    assert show("ab", 9, 5).caret == 2


def test_credentials_are_hidden_and_the_caret_still_stands_right() -> None:
    shown = show('{keys: ["sk-abcdefghijkl"], bad: x}', 29, 3)
    assert shown.text == '{keys: ["***"], bad: x}'
    assert pointed_at(shown) == "bad"


def test_a_caret_inside_a_hidden_piece_covers_all_of_it() -> None:
    shown = show("key: abcdefgh", 8, 2)
    assert pointed_at(shown) == "***"


def test_the_bytes_order_mark_is_no_part_of_the_line() -> None:
    assert show("\ufeffa: b", 4).text == "a: b"


def test_context_is_the_line_above_when_it_says_something() -> None:
    excerpt = Excerpt("a: 1\nb: 2\n\nc: 3\n# x\nd: 4\nkey: abc\ne: 5")
    assert [excerpt.context(line) for line in range(1, 9)] == ["", "a: 1", "b: 2", "", "c: 3", "", "d: 4", "key: ***"]


@pytest.mark.parametrize("file", [".env", "/etc/x/.env", "C:\\x\\.env", "prod.env", ".env.local"])
def test_no_line_of_an_env_file_is_shown(file: str) -> None:
    assert Excerpt.of(file, "A=secret") is None
    assert Excerpt.of("/x.env/routes.yaml", "a: 1") is not None


def test_printable_keeps_one_line() -> None:
    assert printable("a\nb\tc\x1b[2J\u202ed é 日") == "a b c\ufffd[2J\ufffdd é 日"


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=900), st.integers(1, 1000), st.integers(0, 1000))
def test_any_line_can_be_shown(line: str, column: int, length: int) -> None:
    excerpt = Excerpt(line)
    for number in range(1, len(excerpt.lines) + 1):
        shown = excerpt.show(number, column, length)
        assert 0 <= shown.caret <= 2 * WIDTH
        assert 1 <= shown.length <= 2 * WIDTH
        assert all(character == " " or character.isprintable() or character.isspace() for character in shown.text)
        assert "\n" not in shown.text
