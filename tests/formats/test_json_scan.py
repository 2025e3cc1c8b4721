from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.formats import json_scan
from engine.formats.json_scan import SHORT, members, repeated, replace_member

KEYS = st.sampled_from(["model", "stream", "messages", "a", 'q"uote', "back\\slash", "é", "", "x{", "]y", "model "])
TEXTS = st.sampled_from(["", "model", '"model"', 'x"model":1', "{", "}", "[", "\\", '\\"', "é\u2028", "\n", "a,b:c"])
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(KEYS, VALUES, max_size=6)
INDENTS = st.sampled_from([None, 0, 1, "\t"])


def written(document: dict[str, Any], indent: Any, escape: bool, spelled: bool) -> bytes:
    text = json.dumps(document, indent=indent, ensure_ascii=escape)
    if spelled:
        # Another spelling of the same keys: what a careless scan would not find.
        text = text.replace('"model"', '"\\u006Dod\\u0065l"')
    return text.encode()


@settings(max_examples=300, deadline=None)
@given(DOCUMENTS, st.text(max_size=8).filter(lambda s: s.isprintable()), INDENTS, st.booleans(), st.booleans())
def test_only_the_value_is_replaced(document: dict[str, Any], value: str, indent: Any, escape: bool, spelled: bool) -> None:
    body = written(document, indent, escape, spelled)
    out = replace_member(body, orjson.loads(body), "model", value)
    assert json.loads(out) == {**document, "model": value}
    if "model" in document:
        before = next(start for key, start, _ in members(body) if key == "model")
        after = next(len(body) - end for key, _, end in members(body) if key == "model")
        assert out == body[:before] + orjson.dumps(value) + body[len(body) - after :]
    else:
        assert out.replace(b'"model":' + orjson.dumps(value) + (b"," if document else b""), b"", 1) == body


@settings(max_examples=300, deadline=None)
@given(DOCUMENTS, INDENTS, st.booleans())
def test_members_are_what_json_reads(document: dict[str, Any], indent: Any, escape: bool) -> None:
    body = written(document, indent, escape, spelled=False)
    assert [(key, json.loads(body[start:end])) for key, start, end in members(body)] == list(document.items())


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(KEYS, VALUES), max_size=5), st.booleans())
def test_repetition_is_counted_on_the_top_level_only(pairs: list[tuple[str, Any]], spelled: bool) -> None:
    inner = ",".join(f"{json.dumps(key)}:{json.dumps(value)}" for key, value in pairs)
    body = ("{" + inner + "}").encode()
    if spelled:
        body = body.replace(b'"model"', b'"mod\\u0065l"', 1)
    assert (repeated(body, ("model",)) == "model") == ([key for key, _ in pairs].count("model") > 1)


@pytest.mark.parametrize(
    ("body", "twice"),
    [
        (b'{"model":"a"}', False),
        (b'{"model":"a","model":"b"}', True),
        (b'{"model":"a","\\u006dodel":"b"}', True),
        (b'{"model":"a","x":{"model":"b"}}', False),
        (b'{"model":"model"}', False),
        (b'{"model":"a","x":"\\"model\\":"}', False),
        (b'{"x":["model",{"model":1}],"model":"a"}', False),
    ],
)
def test_repetition(body: bytes, twice: bool) -> None:
    for padding in (b"", b" " * SHORT):
        assert repeated(body + padding, ("stream", "model")) == ("model" if twice else "")


def test_an_empty_object_gets_the_member() -> None:
    assert replace_member(b" { } ", {}, "model", "m") == b' {"model":"m" } '


def test_a_value_that_is_no_string_is_replaced_too() -> None:
    body = b'{"a":1,"model" : {"model":[1]} ,"b":2}'
    assert replace_member(body, orjson.loads(body), "model", "m") == b'{"a":1,"model" : "m" ,"b":2}'


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from([b'"model"', b'"stream"', b'"', b"model", b'"mode', b"a" * 9]), max_size=12).map(b"".join))
def test_a_long_body_is_searched_as_a_short_one(body: bytes) -> None:
    """The plain twin is finditer; the stretches are small, so that every cut is tried."""
    pattern = json_scan._any_of(("model", "stream"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_scan, "STRIDE", 11)
        patch.setattr(json_scan, "_LONGEST", 8)
        found = [match.span() for match in json_scan._search(pattern, body, b'"')]
    assert found == [match.span() for match in pattern.finditer(body)]


@pytest.mark.parametrize("spelled", [b"model", b"\\u006dodel", b"mod\\u0065l"])
def test_the_model_of_a_long_body_is_replaced(spelled: bytes) -> None:
    text = rb"say \"hi\"\n" * SHORT
    body = b'{"x":"' + text + b'","' + spelled + b'":"a","y":["model"]}'
    assert replace_member(body, orjson.loads(body), "model", "b") == body.replace(b':"a"', b':"b"')
