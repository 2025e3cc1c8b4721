from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.complaint import Complaint
from engine.routes.substitution import MAX_SUBSTITUTED, bare_variable, substitute
from engine.routes.text import MAX_COMPLAINTS, Node, load

ENVIRON = {"NAME": "value", "EMPTY": "", "PORT": "8080", "YES": "true", "NULL": "null", "DATE": "2026-01-02", "_x9": "low"}
FILES = {"/run/key": "s3cret\n", "/run/crlf": "s3cret\r\n", "/run/empty": "", "/run/lines": "a\nb\n\n", "key": "beside"}


def read_file(path: str) -> str:
    if path == "/run/binary":
        raise UnicodeDecodeError("utf-8", b"s3cret\xff", 6, 7, "invalid start byte")
    if path not in FILES:
        raise FileNotFoundError(2, "No such file", path)
    return FILES[path]


def run(text: str, environ: dict[str, str] = ENVIRON) -> tuple[Node, list[Complaint]]:
    root, complaints = load(text, "f")
    assert root is not None
    assert complaints == []
    return root, substitute(root, environ, read_file, "f")


def value_of(scalar: str) -> Any:
    root, complaints = run(f"a: {scalar}\n")
    assert complaints == []
    return root.plain()["a"]


def complaint_of(scalar: str) -> Complaint:
    (complaint,) = run(f"a: {scalar}\n")[1]
    return complaint


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("'${NAME}'", "value"),
        ("'<${NAME}${_x9}>'", "<valuelow>"),
        ("'${EMPTY}'", ""),
        ("'${NAME:-other}'", "value"),
        ("'${EMPTY:-other}'", "other"),
        ("'${UNSET:-other}'", "other"),
        ("'${UNSET:-}'", ""),
        ("'${UNSET:-a:-b $x c}'", "a:-b $x c"),
        ("'$${NAME}'", "${NAME}"),
        ("'$$${NAME}'", "$${NAME}"),
        ("'$${'", "${"),
        ("'$$ $NAME $ {NAME} 5$'", "$$ $NAME $ {NAME} 5$"),
        ("'${file:/run/key}'", "s3cret"),
        ("'${file:/run/crlf}'", "s3cret"),
        ("'${file:/run/empty}'", ""),
        ("'${file:/run/lines}'", "a\nb\n"),
        ("'${file:key}'", "beside"),
    ],
)
def test_references_are_replaced(scalar: str, value: str) -> None:
    assert value_of(scalar) == value


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("${PORT}", 8080),
        ("'${PORT}'", "8080"),
        ('"${PORT}"', "8080"),
        ("1${PORT}", 18080),
        ("${YES}", True),
        ("'${YES}'", "true"),
        ("${EMPTY}", ""),
        ("${NULL}", "null"),
        ("${DATE}", "2026-01-02"),
        ("${UNSET:-1.5}", 1.5),
        ("${PORT}s", "8080s"),
    ],
)
def test_a_bare_scalar_is_read_again_and_never_becomes_null(scalar: str, value: Any) -> None:
    assert value_of(scalar) == value
    assert type(value_of(scalar)) is type(value)


def test_a_substituted_value_is_not_substituted_again() -> None:
    root, complaints = run("a: '${OUTER}'\n", {"OUTER": "${INNER}", "INNER": "x"})
    assert (root.plain(), complaints) == ({"a": "${INNER}"}, [])


def test_nodes_know_that_they_were_substituted() -> None:
    root, _ = run("a: ['${NAME}', '$${NAME}', plain, 1]\n")
    items = root.value["a"].value  # type: ignore[index,union-attr,call-overload]
    assert [item.substituted for item in items] == [True, False, False, False]
    assert items[0].text == "value"


def test_a_literal_alone_does_not_change_the_type() -> None:
    assert value_of("$${X}1") == "${X}1"


def test_an_unset_variable_is_named_and_nothing_else_of_the_environment() -> None:
    complaint = complaint_of("'${NAMES}'")
    assert (complaint.code, complaint.line, complaint.column, complaint.length) == ("R010", 1, 5, 8)
    assert "`NAMES`" in complaint.says
    assert not any(word in complaint.says + complaint.hint for word in ("`NAME`", "value", "PORT"))


@pytest.mark.parametrize(
    "scalar",
    [
        "'${'",
        "'${NAME'",
        "'${}'",
        "'${ NAME}'",
        "'${9X}'",
        "'${A-B}'",
        "'${NAME:x}'",
        "'${NAME:?x}'",
        "'${A.B}'",
        "'${file:}'",
        "'${file}x${'",
        "'${UNSET:-${NAME'",
        "'${*}'",
        "'${NAME:=x}'",
    ],
)
def test_malformed_references_are_complaints(scalar: str) -> None:
    codes = {c.code for c in run(f"a: {scalar}\n")[1]}
    assert "R011" in codes


@pytest.mark.parametrize(
    ("scalar", "word"),
    [
        ("'${NAME'", "no `}`"),
        ("'${}'", "nothing"),
        ("'${ NAME }'", "spaces"),
        ("'${NAME-x}'", "neither"),
        ("'${1}'", "name"),
        ("'${file:}'", "file"),
    ],
)
def test_the_likely_mistake_is_named(scalar: str, word: str) -> None:
    assert word in complaint_of(scalar).says


def test_a_default_cannot_hold_another_reference() -> None:
    assert "another" in run("a: '${A:-${NAME}}'\n")[1][0].says


def test_the_text_of_a_malformed_reference_is_not_repeated() -> None:
    complaint = complaint_of("'${sk-abcdef}'")
    assert "sk-abcdef" not in complaint.says + complaint.hint


@pytest.mark.parametrize("path", ["/run/absent", "/run/binary"])
def test_an_unreadable_secret_file_is_named_without_its_content(path: str) -> None:
    complaint = complaint_of(f"'${{file:{path}}}'")
    assert complaint.code == "R012"
    assert path in complaint.says
    assert "s3cret" not in complaint.says + complaint.hint


def test_a_secret_file_is_read_once() -> None:
    reads: list[str] = []
    root, _ = load("a: ['${file:/k}', '${file:/k}']\n", "f")
    assert root is not None
    assert substitute(root, {}, lambda path: reads.append(path) or "x", "f") == []  # type: ignore[func-returns-value]
    assert reads == ["/k"]


@pytest.mark.parametrize("bad", ["a\0b", "key\r", "\x1b[2J", "\udcff"])
def test_control_characters_are_refused_and_not_shown(bad: str) -> None:
    (complaint,) = run("a: '${X}'\n", {"X": bad})[1]
    assert complaint.code == "R014"
    assert bad not in complaint.says


def test_keys_are_not_substituted() -> None:
    root, complaints = run("'${NAME}': 1\n")
    assert root.plain() == {"${NAME}": 1}
    assert [(c.code, c.line, c.column, c.length) for c in complaints] == [("R011", 1, 1, 9)]


def test_the_exact_reference_is_pointed_at_where_the_text_stands_as_it_is() -> None:
    _, complaints = run("a: x ${A} ${B}\nb: 'it''s ${C}'\nc: |\n  ${D}\n")
    assert [(c.line, c.column, c.length) for c in complaints] == [(1, 6, 4), (1, 11, 4), (2, 4, 12), (3, 4, 1)]


def test_a_failed_node_says_so_and_has_no_value() -> None:
    root, _ = run("a: 'x${A}'\nb: 1\n")
    a, b = root.get("a"), root.get("b")
    assert a is not None
    assert b is not None
    assert (a.failed, a.value, a.text) == (True, None, "")
    assert not b.failed


def test_all_of_them_are_reported_up_to_a_bound() -> None:
    assert len(run("[" + "'${A}'," * 50 + "]")[1]) == 50
    assert len(run("[" + "'${A}'," * 5000 + "]")[1]) == MAX_COMPLAINTS


def test_the_whole_may_not_grow_beyond_a_bound() -> None:
    value = "v" * (MAX_SUBSTITUTED // 10)
    root, complaints = run("[" + "'${A}'," * 20 + "]", {"A": value})
    assert [c.code for c in complaints] == ["R014"]
    assert sum(len(item.text) for item in root.value) <= MAX_SUBSTITUTED + 1000  # type: ignore[union-attr,misc]


PIECES = st.sampled_from(
    ["${", "$", "{", "}", "NAME", "EMPTY", "UNSET", ":-", "file:", "/run/key", "x", "$${", "日", "-", "1", " "]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join), st.booleans())
def test_any_text_gives_a_value_or_a_complaint(text: str, bare: bool) -> None:
    node = Node(text, 1, 1, len(text), text=text, bare=bare)
    complaints = substitute(node, ENVIRON, read_file, "f")
    assert node.failed == bool(complaints)
    assert node.value is not None or node.failed
    for complaint in complaints:
        assert "s3cret" not in complaint.says + complaint.hint
        assert complaint.length >= 1


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="ab$ {}日"))
def test_escaping_every_opening_gives_the_text_back(text: str) -> None:
    escaped = text.replace("${", "$${")
    node = Node(escaped, 1, 1, 1, text=escaped)
    assert substitute(node, {}, read_file, "f") == []
    assert node.value == text


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("$OPENAI_API_KEY", "${OPENAI_API_KEY}"),
        ("%OPENAI_API_KEY%", "${OPENAI_API_KEY}"),
        ("$KEY", "${NAME}"),
        ("$api_key", "${NAME}"),
        ("$ecret", ""),
        ("$ec-ret", ""),
        ("%x", ""),
        ("${OPENAI_API_KEY}", ""),
    ],
)
def test_a_variable_without_braces_is_told_from_a_password(text: str, meant: str) -> None:
    """A name that could be a password is not repeated."""
    assert bare_variable(text) == meant


def test_a_value_knows_where_it_came_from() -> None:
    root, complaints = run('a: "${NAME}${UNSET:-x}${EMPTY:-y}"\nb: "${file:/run/key}"\nc: "$${NAME}"\n')
    assert complaints == []
    origins = [node.origin for node in root.value.values()]  # type: ignore[union-attr]
    assert origins == [
        "the variable `NAME` and the default of `UNSET`, which is not set and the default of `EMPTY`, which is empty",
        "a file",
        "",
    ]


def test_what_to_do_about_a_variable_that_is_not_set() -> None:
    _, (complaint,) = run("a: ${UNSET}\n")
    assert complaint.hint == "set UNSET in the environment or in `.env`, or write `${UNSET:-default}`"
