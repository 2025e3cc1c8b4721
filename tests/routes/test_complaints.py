from __future__ import annotations

import json
import re

import pytest

from engine.complaint import Complaint
from engine.routes.complaints import CODES, at, in_order, render_github, render_json, render_text, summary
from engine.routes.text import load

SOURCE = """\
version: 1
models:
  - {name: smart,
     provider: gpt4o-eu}
"""
HINT = "did you mean `gpt-4o-eu` (declared at routes.yaml:12)?"
SAYS = "`select` refers to provider `gpt4o-eu`, which is not declared"


def complaint(line: int = 4, column: int = 16, **more: object) -> Complaint:
    base = {"code": "R030", "where": "models[0].provider", "says": SAYS, "hint": HINT, "length": 8, "file": "routes.yaml"}
    return Complaint(line=line, column=column, **(base | more))  # type: ignore[arg-type]


def test_codes_are_stable_words() -> None:
    assert all(re.fullmatch(r"R0\d\d", code) for code in CODES)
    assert list(CODES) == sorted(CODES)
    titles = [title for title, _ in CODES.values()]
    assert len(set(titles)) == len(titles)
    assert all(meaning.endswith(".") and len(meaning) > 20 for _, meaning in CODES.values())


def test_a_complaint_points_at_a_value_or_its_key() -> None:
    root, _ = load(SOURCE, "routes.yaml")
    assert root is not None
    node = root.value["models"].value[0].value["provider"]  # type: ignore[index,union-attr,call-overload]
    on_value, on_key = at(node, "f", "R030", "x"), at(node, "f", "R020", "x", "y", severity="warning", on_key=True)
    assert (on_value.line, on_value.column, on_value.length, on_value.where) == (4, 16, 8, "models[0].provider")
    assert (on_key.line, on_key.column, on_key.length, on_key.severity) == (4, 6, 8, "warning")
    assert at(root, "f", "R021", "x", on_key=True).line == 1


def test_order_is_that_of_the_files_and_repetitions_are_dropped() -> None:
    one, two, other = complaint(2, 9), complaint(2, 3), complaint(1, 1, file="a.yaml")
    again = complaint(2, 9, where="pools.x")
    assert in_order([one, again, two, other]) == [other, two, one]


def test_the_summary_counts() -> None:
    error, warning = complaint(1), complaint(2, severity="warning")
    assert summary([]) == ""
    assert summary([error]) == "1 error"
    assert summary([warning]) == "1 warning"
    assert summary([error, warning, complaint(3), complaint(4)]) == "3 errors, 1 warning"


def test_text_looks_as_the_language_page_shows() -> None:
    assert render_text([complaint()], {"routes.yaml": SOURCE}) == (
        "routes.yaml:4:16: error[R030]: `select` refers to provider `gpt4o-eu`, which is not declared\n"
        "    3 |   - {name: smart,\n"
        "    4 |      provider: gpt4o-eu}\n"
        "      |                ^^^^^^^^ did you mean `gpt-4o-eu` (declared at routes.yaml:12)?\n"
        "\n"
        "1 error"
    )


def test_text_without_context_or_hint() -> None:
    assert render_text([complaint(1, 10, hint="", length=1, severity="warning")], {"routes.yaml": SOURCE}) == (
        f"routes.yaml:1:10: warning[R030]: {SAYS}\n    1 | version: 1\n      |          ^\n\n1 warning"
    )


@pytest.mark.parametrize("sources", [{}, {"routes.yaml": ""}, {"other.yaml": SOURCE}])
def test_text_without_the_line(sources: dict[str, str]) -> None:
    assert render_text([complaint()], sources) == f"routes.yaml:4:16: error[R030]: {SAYS}\n      = {HINT}\n\n1 error"


def test_a_complaint_about_a_whole_file_has_no_line() -> None:
    text = render_text([complaint(0, 0, hint="")], {"routes.yaml": SOURCE})
    assert text == f"routes.yaml: error[R030]: {SAYS}\n\n1 error"


def test_no_complaints_are_no_text() -> None:
    assert render_text([], {"f": "a: 1"}) == ""
    assert render_github([]) == ""


def test_colour_only_when_asked_and_the_text_stays_the_same() -> None:
    plain = render_text([complaint(), complaint(1, 1, severity="warning")], {"routes.yaml": SOURCE})
    coloured = render_text([complaint(), complaint(1, 1, severity="warning")], {"routes.yaml": SOURCE}, colour=True)
    assert "\x1b" not in plain
    assert "\x1b[1;31m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_sentences_cannot_drive_the_terminal() -> None:
    text = render_text([complaint(says="bad `\x1b[2J\n`", hint="\r\x07", file="f\x1b")], {})
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", text)
    assert text.count("\n") == 3


def test_literal_credentials_are_not_printed() -> None:
    source = 'a:\n  keys: ["sk-verysecret", "${KEY}"]\n  bas_url: x\n'
    found = [complaint(2, 3, hint=""), complaint(2, 10, hint=""), complaint(3, 3, hint="")]
    for text in (render_text(found, {"routes.yaml": source}), render_text(found, {"routes.yaml": source}, colour=True)):
        assert "verysecret" not in text
        assert "${KEY}" in text
    assert "secret" not in render_text([complaint(1, 1, file=".env", hint="")], {".env": "A=secret"})


def test_json_holds_every_field() -> None:
    assert json.loads(render_json([complaint(), complaint(1, 1, severity="warning", code="R999")])) == {
        "errors": 1,
        "warnings": 1,
        "complaints": [  # in the order of the file
            {
                "file": "routes.yaml",
                "line": line,
                "column": column,
                "length": 8,
                "severity": severity,
                "code": code,
                "title": title,
                "where": "models[0].provider",
                "says": SAYS,
                "hint": HINT,
            }
            for line, column, severity, code, title in (
                (1, 1, "warning", "R999", ""),
                (4, 16, "error", "R030", "unknown provider"),
            )
        ],
    }


def test_json_of_nothing_and_of_broken_unicode() -> None:
    assert json.loads(render_json([])) == {"errors": 0, "warnings": 0, "complaints": []}
    assert json.loads(render_json([complaint(says="\ud800")]))["complaints"][0]["says"] == "\ud800"


def test_github_annotations_are_escaped() -> None:
    found = [complaint(2, 3, file="a,b:c%.yaml", says="100%\r\nof it", hint="")]
    assert render_github(found) == "::error file=a%2Cb%3Ac%25.yaml,line=2,col=3,title=R030::100%25%0D%0Aof it"


def test_github_annotations_are_one_line_each() -> None:
    lines = render_github([complaint(), complaint(1, 1, severity="warning", hint="")]).split("\n")
    assert lines == [
        f"::warning file=routes.yaml,line=1,col=1,title=R030::{SAYS}",
        f"::error file=routes.yaml,line=4,col=16,title=R030::{SAYS} ({HINT})",
    ]
