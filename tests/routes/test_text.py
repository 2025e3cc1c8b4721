from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.complaint import Complaint
from engine.routes import text as module
from engine.routes.complaints import CODES
from engine.routes.substitution import substitute
from engine.routes.text import MAX_ALIASES, MAX_COMPLAINTS, MAX_DEPTH, MAX_NODES, Node, load

TABLE = """\
# a table
version: 1
server:
  listen: "127.0.0.1:8080"   # where
pools:
  fast: {strategy: race, of: [openai, anthropic], on: [rate_limit]}
pipelines:
  chat:
    - auth: {keys: ["${KEY:-}"]}
    - decode
    - select:
        by: model
models:
  - {name: "claude-*", provider: anthropic}
"""


def good(text: str) -> Node:
    root, complaints = load(text, "f")
    assert complaints == []
    assert root is not None
    return root


def codes(text: str) -> list[tuple[str, int, int]]:
    return [(c.code, c.line, c.column) for c in load(text, "f")[1]]


def at(root: Node, *steps: str | int) -> Node:
    node: Any = root
    for step in steps:
        node = node.value[step]
    return node


def nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.value.values() if isinstance(node.value, dict) else node.value if isinstance(node.value, list) else ():
        yield from nodes(child)


def test_the_table_is_read_as_written() -> None:
    assert good(TABLE).plain() == {
        "version": 1,
        "server": {"listen": "127.0.0.1:8080"},
        "pools": {"fast": {"strategy": "race", "of": ["openai", "anthropic"], "on": ["rate_limit"]}},
        "pipelines": {"chat": [{"auth": {"keys": ["${KEY:-}"]}}, "decode", {"select": {"by": "model"}}]},
        "models": [{"name": "claude-*", "provider": "anthropic"}],
    }


@pytest.mark.parametrize(
    ("steps", "line", "column", "length", "key"),
    [
        (("version",), 2, 10, 1, (2, 1, 7)),
        (("server",), 4, 3, 6, (3, 1, 6)),
        (("server", "listen"), 4, 11, 16, (4, 3, 6)),
        (("pools", "fast"), 6, 9, 59, (6, 3, 4)),
        (("pools", "fast", "of", 1), 6, 39, 9, (0, 0, 0)),
        (("pipelines", "chat"), 9, 5, 1, (8, 3, 4)),
        (("pipelines", "chat", 2, "select", "by"), 12, 13, 5, (12, 9, 2)),
        (("models", 0, "name"), 14, 12, 10, (14, 6, 4)),
    ],
)
def test_every_value_knows_its_place(steps: Any, line: int, column: int, length: int, key: Any) -> None:
    node = at(good(TABLE), *steps)
    assert (node.line, node.column, node.length) == (line, column, length)
    assert (node.key_line, node.key_column, node.key_length) == key


def test_every_value_knows_its_path() -> None:
    assert at(good(TABLE), "pipelines", "chat", 2, "select", "by").path == "pipelines.chat[2].select.by"


def test_a_value_over_several_lines_is_underlined_on_its_first() -> None:
    root = good("a: [1,\n  2]\nb: |\n  x\n  y\nc: one\n  two\n")
    assert [at(root, key).length for key in "abc"] == [3, 1, 3]


def test_columns_count_characters_and_a_byte_order_mark_counts_none() -> None:
    root = good("\ufeff日本: [😀, x]\r\nb: 1\r\n")
    assert (at(root, "日本", 1).line, at(root, "日本", 1).column) == (1, 9)
    assert at(root, "b").line == 2


def test_bare_and_quoted_scalars_are_told_apart() -> None:
    root = good("a: 1\nb: '1'\nc: \"1\"\nd: 4.10\n")
    assert root.plain() == {"a": 1, "b": "1", "c": "1", "d": 4.1}
    assert [at(root, key).bare for key in "abcd"] == [True, False, False, True]
    assert at(root, "d").text == "4.10"


# R001 itself is told apart in test_mistakes.py


def test_a_syntax_error_is_one_complaint_and_no_tree() -> None:
    root, complaints = load("a: [1\nb: 2\n", "f")
    assert root is None
    assert [c.code for c in complaints] == ["R001"]


def test_a_duplicate_key_names_the_first_and_the_first_stays() -> None:
    root, complaints = load("a: 1\nb:\n  c: 1\n  c: 2\na: 3\na: 4\n", "f")
    assert [(c.code, c.line, c.hint, c.where) for c in complaints] == [
        ("R002", 4, "first at line 3", "b.c"),
        ("R002", 5, "first at line 1", "a"),
        ("R002", 6, "first at line 1", "a"),
    ]
    assert root is not None
    assert root.plain() == {"a": 1, "b": {"c": 1}}


def test_a_key_and_its_quoted_self_are_the_same_key() -> None:
    assert codes("a: 1\n'a': 2\n") == [("R002", 2, 1)]


@pytest.mark.parametrize("key", ["1", "1.5", "true", "null", "~"])
def test_a_key_that_is_not_text_is_a_complaint_and_read_as_text(key: str) -> None:
    root, complaints = load(f"{key}: x\n", "f")
    assert [c.code for c in complaints] == ["R003"]
    assert root is not None
    assert root.plain() == {key: "x"}


def test_an_absent_key_in_braces() -> None:
    assert codes("a: {? , b: 1}\n") == [("R003", 1, 7)]


def test_quoted_numbers_and_on_are_keys() -> None:
    assert good("'1': a\non: b\nyes: c\n").plain() == {"1": "a", "on": "b", "yes": "c"}


@pytest.mark.parametrize("text", ["? [a]\n: 1\nb: 2\n", "{{ name }}: 1\nb: 2\n", "? - x\n  - y\n: 1\nb: 2\n"])
def test_a_structure_as_key_is_left_out_and_reading_goes_on(text: str) -> None:
    root, complaints = load(text, "f")
    assert {c.code for c in complaints} == {"R003"}
    assert root is not None
    assert root.plain() == {"b": 2}


def test_an_alias_as_key_is_refused() -> None:
    assert ("R003", 2, 1) in codes("a: &x b\n*x : 1\n")


def test_a_template_is_recognised() -> None:
    (complaint,) = load("a: {{ NAME }}\n", "f")[1]
    assert complaint.hint == 'write `"${NAME}"` to substitute a variable'


@pytest.mark.parametrize("text", ["a: 1\n---\nb: 2\n", "---\na: 1\n---\n", "---\n---\na: 1\n"])
def test_a_second_document_is_refused(text: str) -> None:
    assert [code for code, _, _ in codes(text)] == ["R004"]


def test_a_second_document_that_cannot_be_read_is_told_too() -> None:
    assert [code for code, _, _ in codes("a: 1\n...\n---\nb: [\n")] == ["R004", "R001"]


def test_what_stands_in_a_second_document_counts() -> None:
    root, complaints = load("a: 1\n---\na: 2\nb: {c: 3}\n---\n- d\n", "f")
    assert [(c.code, c.line) for c in complaints] == [("R004", 2), ("R004", 5)]
    assert root is not None
    assert root.plain() == {"a": 1, "b": {"c": 3}}


def test_one_document_may_be_marked() -> None:
    assert good("---\na: 1\n...\n").plain() == {"a": 1}


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n", "---\n", "   ", "\ufeff", "--- # x\n..."])
def test_an_empty_file_says_so(text: str) -> None:
    assert load(text, "f")[0] is None
    assert [code for code, _, _ in codes(text)] == ["R005"]


@pytest.mark.parametrize(
    "text", ["a: !!str 1\n", "a: !x {b: 1}\n", "a: ! x\n", "!!str a: 1\n", "a: !!python/object:os.system x\n"]
)
def test_tags_are_refused(text: str) -> None:
    assert [code for code, _, _ in codes(text)] == ["R006"]


def test_merge_keys_are_refused_and_left_out() -> None:
    root, complaints = load("a: &a {x: 1}\nb:\n  <<: *a\n  y: 2\n", "f")
    assert [(c.code, c.line, c.column, c.where) for c in complaints] == [("R006", 3, 3, "b.<<")]
    assert root is not None
    assert root.plain() == {"a": {"x": 1}, "b": {"y": 2}}


def test_an_alias_is_a_copy_with_its_own_path_and_the_place_of_its_anchor() -> None:
    root = good("a: &x {k: ['${V}', 1.50]}\nb: *x\nc: [*x]\n")
    assert root.plain() == {"a": {"k": ["${V}", 1.5]}, "b": {"k": ["${V}", 1.5]}, "c": [{"k": ["${V}", 1.5]}]}
    inner = at(root, "c", 0, "k", 1)
    assert (inner.path, inner.line, inner.text, inner.bare) == ("c[0].k[1]", 1, "1.50", True)
    assert at(root, "b").key_line == 2
    assert substitute(root, {"V": "v"}, lambda _: "", "f") == []
    assert root.plain()["c"] == [{"k": ["v", 1.5]}]


def test_an_alias_of_nothing_is_a_failed_value_with_its_likely_cause() -> None:
    root, complaints = load("models:\n  - {name: *mini, provider: a}\n  - *x\n", "f")
    assert [(c.code, c.line, c.column, c.length) for c in complaints] == [("R007", 2, 12, 5), ("R007", 3, 5, 2)]
    assert "quotes" in complaints[0].hint
    assert root is not None
    assert root.plain() == {"models": [{"name": None, "provider": "a"}, None]}
    assert at(root, "models", 0, "name").failed
    assert load("*x\n", "f")[0] is None


@pytest.mark.parametrize("text", ["a: &x [*x]\n", "&x a: &y {b: [*y]}\n", "a: &x {b: {c: *x}}\n"])
def test_a_value_inside_itself_is_refused(text: str) -> None:
    assert [code for code, _, _ in codes(text)] == ["R007"]


def test_the_number_of_aliases_is_bounded() -> None:
    assert codes("a: &a 1\nb: [" + "*a, " * MAX_ALIASES + "]\n") == []
    assert [code for code, _, _ in codes("a: &a 1\nb: [" + "*a, " * (MAX_ALIASES + 1) + "]\n")] == ["R007"]


def test_the_depth_is_bounded() -> None:
    assert codes("[" * MAX_DEPTH + "]" * MAX_DEPTH) == []
    assert codes("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)) == [("R008", 1, MAX_DEPTH + 1)]


def test_the_depth_is_bounded_through_aliases() -> None:
    chain = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [[*a{i - 1}]]\n" for i in range(1, 900))
    assert [code for code, _, _ in codes(chain)] == ["R008"]


def test_complaints_are_bounded() -> None:
    assert len(load("a: 1\n" * 5000, "f")[1]) == MAX_COMPLAINTS


def fill(piece: str, head: str = "", tail: str = "") -> str:
    return head + piece * (((1 << 20) - len(head) - len(tail)) // len(piece.encode("utf-8", "surrogatepass"))) + tail


HOSTILE = {
    "a wide list": fill("a,", "[", "]"),
    "the most nodes": "[" + "a," * (MAX_NODES - 1) + "]",
    "many keys": "".join(f"k{i}: {i}\n" for i in range(MAX_NODES // 2 - 1)),
    "open brackets": fill("["),
    "open braces": fill("{"),
    "dashes": fill("- "),
    "question marks": fill("? "),
    "colons": fill(": "),
    "anchors": fill("- &a x\n"),
    "billion laughs": "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"a{i}: &a{i} [" + f"*a{i - 1}," * 9 + "]\n" for i in range(1, 90)),
    "tag directives": "".join(f"%TAG !a{i}! tag:x\n" for i in range(50_000)) + "--- a\n",
    "line ends": fill("\n"),
    "an open quote": fill("x", '"'),
    "escapes": fill("\\u0041", 'a: "', '"'),
    "a block": fill("x\n ", "a: |\n "),
    "a long key": fill("k", "", ": 1"),
    "long paths": "{" + "k" * 500_000 + ": [" + "x: 1," * 40_000,
    "NUL": fill("\0"),
    "surrogates": "\ud800" * 500_000,
    "documents": fill("---\n"),
    "document ends": fill("...\n"),
    "many variables": "[" + "'${A}'," * 90_000 + "]",
    "one text of variables": fill("${A}", "a: '", "'"),
    "open substitutions": fill("${", "a: '", "'"),
    "open files": fill("${file:", "a: '", "'"),
    "open defaults": fill("${A:-", "a: '", "'"),
    "secret files": "[" + "'${file:/x}'," * 70_000 + "]",
    "aliases of a large text": "a: &a '${A}" + "x" * 900_000 + "'\nb: [" + "*a," * 900 + "]",
    "variables in keys": "".join(f"'${{A{i}}}': 1\n" for i in range(30_000)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_costs_at_most_a_second(name: str) -> None:
    """CPU time: the machine may be busy. What the run of all tests has left on the heap is not the reader's to go through."""
    gc.collect()
    gc.freeze()
    try:
        begun = time.process_time()
        read_and_substitute(HOSTILE[name])
        assert time.process_time() - begun < 1.0
    finally:
        gc.unfreeze()


@pytest.mark.parametrize(
    "text", ["['x${B}'" + ",'x${B}'" * 49_000 + "]", HOSTILE["aliases of a large text"]], ids=["nodes", "aliases"]
)
def test_hostile_text_costs_at_most_64_mib(text: str) -> None:
    tracemalloc.start()
    try:
        read_and_substitute(text)
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()


def read_and_substitute(text: str) -> None:
    root, complaints = load(text, "f")
    if root is not None:
        complaints += substitute(root, {"A": "v" * 1000, "B": ""}, lambda _: "s" * 60_000, "f")
    assert len(complaints) <= 2 * MAX_COMPLAINTS


def check_answer(text: str, environ: dict[str, str]) -> None:
    """What must hold of any text at all."""
    root, complaints = load(text, "f")
    lines = text.count("\n") + text.count("\r") + 1
    if root is not None:
        complaints = complaints + substitute(root, environ, refuse, "f")
        for node in nodes(root):
            assert 1 <= node.line <= lines
            assert node.column >= 1
            assert node.length >= 1
            assert isinstance(node.path, str)
        root.plain()
    assert root is not None or complaints
    for complaint in complaints:
        check_complaint(complaint, lines)


def check_complaint(complaint: Complaint, lines: int) -> None:
    assert complaint.code in CODES
    assert 1 <= complaint.line <= lines
    assert complaint.column >= 1
    assert complaint.length >= 1
    assert complaint.says


def refuse(path: str) -> str:
    raise OSError(path)


PIECES = [*"ab1:-?,[]{}&*!|>'\"%@`#<~ \t\n\r$\\/.=", "${", "${A}", ": ", "\n  ", "- ", "日", "\n", "\n- a: "]
YAMLISH = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@settings(max_examples=200, deadline=None)
@given(st.text() | st.text(alphabet=st.characters()) | YAMLISH)
@example("?")
@example("\ud800")
@example("a: \x85")
@example("a: |\n\t")
@example('"\\')
def test_any_text_gives_only_complaints(text: str) -> None:
    check_answer(text, {"A": "1"})


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_mutated_table_gives_only_complaints(data: st.DataObject) -> None:
    text = TABLE
    for _ in range(data.draw(st.integers(1, 4))):
        at_ = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 6))
        text = text[:at_] + data.draw(st.sampled_from(PIECES) | st.characters()) + text[at_ + cut :]
    check_answer(text, {"KEY": "k"})


SCALARS = st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text(max_size=20)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4), max_leaves=20
)
# Unquoted text that YAML 1.1 writes bare and 1.2 reads the same is the common ground of the two.
PRINTABLE = {"allow_unicode": False, "default_style": '"'}


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.text(min_size=1, max_size=10), VALUES, min_size=1, max_size=4))
def test_what_is_written_as_yaml_is_read_back(value: dict[str, Any]) -> None:
    try:
        written = yaml.safe_dump(stringified(value), **PRINTABLE)  # type: ignore[call-overload]
    except UnicodeEncodeError:
        return
    root, complaints = load(written, "f")
    if "\\uD" in written.upper() and complaints:
        return  # a lone surrogate has no place in YAML
    assert complaints == []
    assert root is not None
    assert root.plain() == stringified(value)


def stringified(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: stringified(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [stringified(inner) for inner in value]
    return value if isinstance(value, str) else str(value)


def test_without_the_c_parser_the_answers_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    with_c = [(node.path, node.line, node.column, node.length, node.bare) for node in nodes(good(TABLE))]
    monkeypatch.setattr(module, "_PARSER", yaml.SafeLoader)
    assert [(node.path, node.line, node.column, node.length, node.bare) for node in nodes(good(TABLE))] == with_c
    for text in ("a: [1\nb: 2\n", "a: 'x\n", "a:\n\tb: 1\n", "a: b: c\n", "a: *\n", "x\ny: 1\n"):
        assert [c.code for c in load(text, "f")[1]] == ["R001"]
