from __future__ import annotations

import pytest
import yaml

from engine.complaint import Complaint
from engine.routes.mistakes import explain
from engine.routes.text import load


def mistake(text: str) -> Complaint:
    root, complaints = load(text, "f")
    assert root is None
    (complaint,) = complaints
    assert complaint.code == "R001"
    return complaint


# the text, where the complaint points, and what it must speak of
CASES = [
    ("a:\n\tb: 1\n", 2, 1, "tab"),
    ("a: 1\n\tb: 1\n", 2, 1, "tab"),
    ("a:\n  b: 1\n  \tc: 2\n", 3, 3, "tab"),
    ("a: |\n\tx\n", 2, 1, "tab"),
    ("a: b: c\n", 1, 5, "a second `: `"),
    ("http://x: y: z\n", 1, 12, "a second `: `"),
    ("a:1\nb: 2\n", 1, 2, "space is missing after the colon"),
    ("a: 1\nb:2\nc: 3\n", 2, 2, "space is missing after the colon"),
    ("a: 1\n'b':2\n", 2, 4, "key"),
    ("s:\n  a: 1\n  b:2\n  c: 3\n", 3, 4, "space is missing after the colon"),
    ("-a\n-b: 2\n", 1, 1, "space is missing after the dash"),
    ("key\nb: 1\n", 1, 1, "no colon"),
    ("a: 1\nkey\nb: 1\n", 2, 1, "no colon"),
    ("a: 1\n  b: 2\n", 2, 3, "deeper than line 1"),
    ("a:\n- b\n  - c: 1\n", 3, 3, "deeper than line 2"),
    ('a: "x\nb: 2\n', 1, 4, "quote that opens here is never closed"),
    ("a: 'x\nb: 2\n", 1, 4, "quote that opens here is never closed"),
    ('a: "x\n---\nb: 2\n', 1, 4, "quote that opens here is never closed"),
    ('a: "x\ny: "z"\n', 2, 5, "behind the closing quote"),
    ("a: 'it's'\n", 1, 8, "behind the closing quote"),
    ("a: [1, 2\nb: 3\n", 1, 4, "`[` that opens here is not closed"),
    ("a: {b: 1\nc: 2\n", 1, 4, "`{` that opens here is not closed"),
    ("a: {b: 1\n", 1, 4, "`{` that opens here is not closed"),
    ("a: {b: 1 c: 2}\n", 1, 11, "a comma or `}` is missing"),
    ('a: ["x" "y"]\n', 1, 9, "a comma or `]` is missing"),
    ("a: [b: c}\n", 1, 9, "`[` is closed by `}`"),
    ("a: [1,,2]\n", 1, 7, "value was expected"),
    ("a: ]\n", 1, 4, "value was expected"),
    ("b: {x: ${A}, y: 1}\n", 1, 8, "needs quotes"),
    ("b: [x, ${A:-d}]\n", 1, 8, "needs quotes"),
    ("a: *\n", 1, 4, "alias"),
    ("a: [*]\n", 1, 5, "alias"),
    ("a: &\n", 1, 4, "anchor"),
    ("a: @x\n", 1, 4, "cannot begin with `@`"),
    ("a: `x`\n", 1, 4, "cannot begin with ```"),
    ("a: %x\n", 1, 4, "cannot begin with `%`"),
    ("a: ? b\n", 1, 4, "cannot begin with `?`"),
    ("a: !<x\n", 1, 4, "cannot begin with `!`"),
    ("a: !x!y z\n", 1, 4, "cannot begin with `!`"),
    ('a: "x\\d"\n', 1, 6, "backslash"),
    ('a: "\\x"\n', 1, 5, "backslash"),
    ('a: "\\ud800"\n', 1, 5, "backslash"),
    ("a: - b\n", 1, 4, "list cannot begin"),
    ("- a\nb: 1\n", 2, 1, "a key stands among list items"),
    ("b: 1\n- a\n", 2, 1, "a list item stands among keys"),
    ("a:\n  b: 1\n c: 2\n", 3, 2, "indentation of 1"),
    ("a:\n    b: 1\n  c: 2\n", 3, 3, "indentation of 2"),
    ("a:\n  - b: 1\n    c: 2\n   d: 3\n", 4, 4, "indentation of 3"),
    ("a: |x\n", 1, 5, "nothing may follow"),
    (": 1\n", 1, 1, "key is missing"),
    ("{: 1}\n", 1, 2, "key is missing"),
    ("[a]\nb: 1\n", 2, 1, "nothing can follow"),
]


@pytest.mark.parametrize(("text", "line", "column", "words"), CASES, ids=[repr(case[0]) for case in CASES])
def test_the_likely_mistake_is_named_where_it_was_made(text: str, line: int, column: int, words: str) -> None:
    complaint = mistake(text)
    assert words in complaint.says + complaint.hint
    assert (complaint.line, complaint.column) == (line, column)


def test_the_open_indentations_are_listed() -> None:
    assert mistake("a:\n  - b: 1\n    c: 2\n   d: 3\n").hint == "lines above are indented by 0 or 2 or 4"


def test_a_space_that_is_none_is_found() -> None:
    complaint = mistake("a: 1\nb:\xa02\nc: 3\n")
    assert (complaint.line, complaint.column) == (2, 3)
    assert "U+00A0" in complaint.hint


def test_a_mistake_at_the_end_points_at_the_last_line() -> None:
    complaint = mistake("a:\n  - {\n\n\n")
    assert complaint.line == 2


def test_no_sentence_repeats_a_value() -> None:
    for text in ("key: sk-abc: x\n", 'key: "sk-abc\n', "key: [sk-abc\nb: 1\n", "key:sk-abc\nb: 1\n", "sk-abc\nb: 1\n"):
        complaint = mistake(text)
        assert "sk-abc" not in complaint.says + complaint.hint


def test_what_the_parser_says_without_a_place_is_still_a_complaint() -> None:
    complaint = explain(yaml.YAMLError("sk-abc"), ["a"], "f")
    assert (complaint.line, complaint.column, complaint.says) == (1, 1, "this is not YAML")


def test_a_lost_colon_dash_or_quote_is_named() -> None:
    assert "`:` is missing" in mistake("p:\n  - call  {a: 1, b: 2}\n").says
    assert "`- ` is missing" in mistake("p:\n  - {a: 1}\n  {a: 2}\n").says
    assert mistake('p:\n  - {a: "1, b: 2}\n  - {a: "c"}\n').hint == "line 2 has an odd number of quotes: is one missing?"
