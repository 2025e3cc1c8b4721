from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.formats import abridge
from engine.formats.abridge import MARK, parse

# Small measures, so that small texts are cut at every place that a large one can be cut at.
PLAIN = [b"a", b" ", b",", b"1", b"@", b"{", b"}", b"[", b"]", b":", b'"', MARK.encode(), "é".encode(), "😀".encode()]
ESCAPES = [b"\\n", b"\\\\", b"\\", b"\\u0041", b"\\ud83d\\ude00", b"\\ud83d", b'\\"', b"\xc3", b"\x01"]
PIECES = st.sampled_from(PLAIN + ESCAPES)
TEXTS = st.lists(PIECES, max_size=24).map(b"".join)

AROUND = [(b'{"a":"', b'"}'), (b'{"a":["', b'"],"b":1}'), (b'{"', b'":1}'), (b"[", b"]"), (b"", b"")]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(abridge, "LARGE", 8)
    monkeypatch.setattr(abridge, "STRETCH", 4)


def outcome(read: Any, text: bytes) -> Any:
    try:
        return read(text)
    except orjson.JSONDecodeError as error:
        return error.msg, error.pos


def alike(short: Any, full: Any) -> bool:
    """The same but for what a mark stands for."""
    if isinstance(full, str) and isinstance(short, str):
        parts = short.split(MARK)
        return short == full or (full.startswith(parts[0]) and full.endswith(parts[-1]) and len(short) <= len(full))
    if isinstance(full, list):
        return len(short) == len(full) and all(map(alike, short, full))
    if isinstance(full, dict):
        return len(short) <= len(full) and all(map(alike, short.values(), full.values()))
    return bool(short == full)


@settings(max_examples=1500, deadline=None)
@given(TEXTS, TEXTS, st.sampled_from(AROUND))
def test_what_is_accepted_and_what_is_said_of_the_rest_are_orjsons(one: bytes, two: bytes, around: tuple[bytes, bytes]) -> None:
    text = around[0] + one + two + around[1]
    mine, plain = outcome(parse, text), outcome(orjson.loads, text)
    if isinstance(plain, tuple):
        assert mine == plain
    else:
        assert not isinstance(mine, tuple)
        assert alike(mine, plain)


def test_a_long_string_is_told_in_short() -> None:
    document = parse(b'{"model":"m","image":"' + b"QUJD" * 100 + b'","n":7}')
    assert len(document["image"]) < 200
    assert {**document, "image": ""} == {"model": "m", "image": "", "n": 7}


def test_the_value_of_a_key_that_counts_is_told_in_full() -> None:
    text = b'{"model":"' + b"m" * 100 + b'","image":"' + b"QUJD" * 100 + b'"}'
    assert parse(text, "model") == orjson.loads(text)
    assert len(parse(text, "image")["image"]) == 400
    assert parse(text, "other")["model"] != "m" * 100


@pytest.mark.parametrize("inner", [b"1,2,3," * 20 + b"4", b" " * 100 + b"1", b"1" * 100])
def test_what_is_long_and_no_string_is_parsed_in_full(inner: bytes) -> None:
    text = b'{"a":[' + inner + b"]}"
    assert parse(text) == orjson.loads(text)


def test_a_small_text_is_parsed_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(abridge, "LARGE", 1000)
    assert parse(b'{"a":"' + b"x" * 200 + b'"}') == {"a": "x" * 200}


@pytest.mark.parametrize("bad", [b"\x01", b"\xff", b"\\x", b"\\ud800"])
def test_a_flaw_within_a_cut_is_found_with_its_place(bad: bytes) -> None:
    text = b'{"a":"' + b"x" * 50 + bad + b"x" * 50 + b'"}'
    with pytest.raises(orjson.JSONDecodeError) as caught:
        parse(text)
    assert caught.value.pos == outcome(orjson.loads, text)[1]
