from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.formats.json_documents import Documents, split

TABLE = [
    ("", [""]),
    ('{"a":1}', ['{"a":1}']),
    ('{"a":1}{"b":2}', ['{"a":1}', '{"b":2}']),
    ("[1][2]", ["[1]", "[2]"]),
    (' {"a":{"b":{}}}\n{"c":"}{"} ', ['{"a":{"b":{}}}', '{"c":"}{"}']),
    ("{invalid}{also}", ["{invalid}{also}"]),
    ('{"a":1}{bad}{"c":3}', ['{"a":1}{bad}{"c":3}']),
    ('{"a":1} and', ['{"a":1} and']),
    ("1 2", ["1 2"]),
    ("[" * 100_000, ["[" * 100_000]),
]


@pytest.mark.parametrize(("text", "parts"), TABLE)
def test_whole_texts(text: str, parts: list[str]) -> None:
    assert split(text) == parts


def put_together(pieces: list[str]) -> list[str]:
    documents, out = Documents(), [""]
    for piece in pieces:
        for number, more in documents.feed(piece):
            while len(out) <= number:
                out.append("")
            out[number] += more
    return out


DOCUMENT = st.recursive(
    st.integers() | st.text() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)
OBJECT = st.dictionaries(st.text(), DOCUMENT) | st.lists(DOCUMENT)


@settings(max_examples=150, deadline=None)
@given(st.lists(OBJECT, min_size=1, max_size=4), st.data())
def test_however_it_is_cut_each_document_is_told_apart(documents: list[object], data: st.DataObject) -> None:
    text = " ".join(json.dumps(one, ensure_ascii=data.draw(st.booleans())) for one in documents)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    told = put_together(pieces)
    assert "".join(told) == text
    assert [json.loads(one) for one in told] == documents


@pytest.mark.parametrize("text", ["{invalid}{also}", '{"a":1} and {"b":2}', "12{}", "\\", '{"a":1}]{}'])
def test_what_is_no_document_ends_it(text: str) -> None:
    assert put_together(list(text)) == [text]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(alphabet='{}[]"\\a1,: \n')))
def test_nothing_is_ever_lost(pieces: list[str]) -> None:
    assert "".join(put_together(pieces)) == "".join(pieces)
