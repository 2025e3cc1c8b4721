from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.routes.dotenv import MAX_COMPLAINTS, read_dotenv


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("KEY=value", "value"),
        ("  KEY = value  ", "value"),
        ("export KEY=value", "value"),
        ("export\tKEY=value", "value"),
        ("KEY=", ""),
        ("KEY=''", ""),
        ("KEY=a b c", "a b c"),
        ("KEY=a=b==", "a=b=="),
        ("KEY=value # comment", "value"),
        ("KEY=val#ue", "val#ue"),
        ("KEY= # comment", ""),
        ("KEY=#comment", ""),
        ("KEY='a # b'", "a # b"),
        ("KEY='a \\n b' # comment", "a \\n b"),
        ('KEY="a # b"', "a # b"),
        (r'KEY="a\nb\t\"c\" \\ \$ \x"', 'a\nb\t"c" \\ $ \\x'),
        ("KEY=it's", "it's"),
        ("KEY=${OTHER}", "${OTHER}"),
        ("KEY=日本", "日本"),
    ],
)
def test_a_line_gives_a_variable(line: str, value: str) -> None:
    assert read_dotenv(line) == ({"KEY": value}, [])


def test_a_whole_file() -> None:
    text = "\ufeff# comment\r\n\r\nA=1\r\nexport B='2'\n   # another\nA=3"
    assert read_dotenv(text) == ({"A": "3", "B": "2"}, [])


@pytest.mark.parametrize(
    "line",
    [
        "KEY",
        *["=value", 'KEY="open', 'KEY="a"b"', 'KEY="a\\"'],
        "1KEY=x",
        "MY-KEY=x",
        "MY KEY=x",
        "export KEY",
        "KEY: value",
        "KEY='open",
        "KEY='a' b",
        "KEY=a\0b",
        "KEY=a\x1bb",
        "KEY=\ud800",
        "-----END PRIVATE KEY-----",
    ],
)
def test_a_bad_line_is_a_complaint_with_its_line_and_the_others_are_read(line: str) -> None:
    variables, complaints = read_dotenv(f"A=1\n  {line}\nB=2\n", ".env")
    assert variables == {"A": "1", "B": "2"}
    assert [(c.file, c.code, c.line, c.column) for c in complaints] == [(".env", "R013", 2, 3)]


@pytest.mark.parametrize("line", ["sk-secret", "KEY: sk-secret", "KEY='sk-secret", "KEY='x' sk-secret", "KEY=\0sk-secret"])
def test_no_complaint_repeats_a_value(line: str) -> None:
    (complaint,) = read_dotenv(line)[1]
    assert "sk-secret" not in complaint.says + complaint.hint + complaint.where


def test_the_likely_mistake_is_named() -> None:
    def hint(line: str) -> str:
        return read_dotenv(line)[1][0].hint

    assert ":" in hint("KEY: value")
    assert "several lines" in hint("MIIEvQIBADANBg")
    assert "export KEY=VALUE" in hint("export 'KEY'=x")


def test_complaints_and_size_are_bounded() -> None:
    assert len(read_dotenv("x\n" * 10_000)[1]) == MAX_COMPLAINTS
    assert [c.code for c in read_dotenv("A=1\n" * 300_000)[1]] == ["R008"]


@settings(max_examples=150, deadline=None)
@given(st.text() | st.text(alphabet="AB=\"' #\\\n\rexport$"))
def test_any_text_gives_variables_and_complaints(text: str) -> None:
    variables, complaints = read_dotenv(text)
    assert all(key.isidentifier() for key in variables)
    assert all(1 <= c.line <= text.count("\n") + text.count("\r") + 1 for c in complaints)


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.characters(min_codepoint=32, exclude_characters="'\x7f", exclude_categories=["Cs"])))
def test_single_quotes_keep_everything(value: str) -> None:
    assert read_dotenv(f"KEY='{value}'") == ({"KEY": value}, [])
