"""JSON bodies under fuzz: what a route reads of a request or a reply is what other JSON readers read, and nothing but a Fault
is raised (F-39; reliability.md, section 1.5)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from random import Random
from typing import Any
from unittest.mock import patch

import orjson

from engine.chat import Asked
from engine.faults import TABLE, Fault
from engine.formats import FORMATS, abridge, json_scan
from engine.formats.document import read_document
from tests.fuzz.campaign import Kind
from tests.fuzz.mutation import mutate, pick

NAMES = sorted(FORMATS)
_REFUSED = {"invalid_json", "invalid_body"}

SEEDS = (
    b'{"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true}',
    b'{"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]}',
    b'{\n "stream" : false ,\n "input" : "say \\"model\\": \\\\",\n "model" : "m"\n}',
    b'{"contents":[{"parts":[{"inlineData":{"data":"' + b"QUJD" * 30 + b'"}}]}],"model":"m"}',
    b'{"metadata":{"model":"x","stream":[]},"messages":[],"model":"caf\xc3\xa9","n":1e3}',
    b'{"messages":[],"\\u006dodel":"m","x":"\\ud83d\\ude00 \\n \xe2\x80\xa8' + b"y" * 90 + b'"}',
    b'{"model":"m","choices":[{"message":{"content":"hi"}}],"usage":{"prompt_tokens":7,"completion_tokens":3,'
    b'"prompt_tokens_details":{"cached_tokens":2}}}',
    b'{"model":"m","output":[],"error":null,"usage":{"input_tokens":7,"output_tokens":3}}',
    b'{"model":"m","content":[],"usage":{"input_tokens":4,"cache_read_input_tokens":2,"output_tokens":1.0}}',
    b'[{"candidates":[{}],"usageMetadata":{"promptTokenCount":7},"modelVersion":"m"},{"usageMetadata":{"promptTokenCount":8}}]',
    b'{"error":{"message":"no","type":"overloaded_error","code":429}}',
    b'{"__proto__":{"a":1},"messages":[],"model":"a","model":"b"}',
)
TOKENS = (
    *(
        b'"model":"x"',
        b',"model":1',
        b'"stream":true,',
        b'"mod\\u0065l":"x",',
        b'"\\u0073tream":1,',
        b'"messages":[],',
        b'{"model":"',
    ),
    *(b"{", b"}", b"[", b"]", b"null", b"true", b"NaN", b"-0", b"1e999", b"1e308", b"-1", b"18446744073709551615", b"9" * 400),
    *(
        b"\\ud800",
        b"\\udc00",
        b"\\u0000",
        b"\\",
        b'\\"',
        b"\xef\xbb\xbf",
        b"\xef\xbf\xbf",
        b"\xed\xa0\x80",
        b"\xf0\x9f",
        b"[" * 70,
    ),
    *(
        b'{"a":' * 40,
        b'"usage":',
        b'"error":{"type":"x"}',
        b'"choices":[]',
        b"x" * 40,
        b" " * 30,
        b"\\u00",
        b"\\u006d",
        b"A" * 200,
    ),
)


@contextmanager
def small_windows(size: int) -> Iterator[None]:
    """What is done to large bodies is done to small ones too: they are abridged, and searched window by window. `size` in
    bytes, longer than any key that is read."""
    with (
        patch.object(abridge, "LARGE", 0),
        patch.object(abridge, "STRETCH", size),
        patch.object(json_scan, "SHORT", 0),
        patch.object(json_scan, "_LONGEST", 12),
        patch.object(json_scan, "STRIDE", size),
    ):
        yield


def parsed(body: bytes) -> Any:
    """None when it is not JSON, which no fuzzed body says otherwise."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def alike(told: Any, real: Any) -> bool:
    """The same, but for stretches of long strings that are told by a mark."""
    if type(told) is not type(real):
        return False
    if isinstance(told, str):
        first, *others = told.split(abridge.MARK)
        last = others[-1] if others else ""
        return told == real or (bool(others) and real.startswith(first) and real.endswith(last))
    if isinstance(told, (list, tuple)):
        return len(told) == len(real) and all(map(alike, told, real))
    if isinstance(told, dict):
        # Two long keys may have become one, or one that is there twice two.
        return len(told) != len(real) or all(map(alike, told.items(), real.items()))
    return bool(told == real)


def check(body: bytes, dice: Random) -> str:
    real = parsed(body)
    end = _check_request(body, real)
    with small_windows(16 + pick(dice, 24)):
        assert _check_request(body, real) == end, "a large body is read differently"
    for name in NAMES:
        heard = FORMATS[name].read_reply(body)
        assert heard.fault is None or heard.fault.code in TABLE
        assert isinstance(heard.served, str)
        assert FORMATS[name].read_usage(body) == heard.usage
        orjson.dumps(heard.usage)
    return end


def _check_request(body: bytes, real: Any) -> str:
    """How each format ends with it."""
    document = _tried(lambda: read_document(body))
    if isinstance(document, Fault):
        assert not isinstance(real, dict), document
        assert document.code == "invalid_json" or real is not None or body.strip() == b"null"
    else:
        assert alike(document, real), f"{document}\nis {real}"
    ends = []
    for name in NAMES:
        asked = _tried(partial(FORMATS[name].peek, body, {}, "", "/v1/x"))
        if isinstance(asked, Fault):
            assert (asked.code in _REFUSED, asked.status) == (True, 400), asked.code
            assert asked.code == "invalid_body" or real is None
        elif name != "gemini_generate":
            _check_asked(body, asked, name)
        ends.append(asked.code if isinstance(asked, Fault) else "asked")
    return "asked" if "asked" in ends else ends[0]


def _tried(attempt: Callable[[], Any]) -> Any:
    try:
        return attempt()
    except Fault as fault:
        return fault


def _check_asked(body: bytes, asked: Asked, name: str) -> None:
    """Another reader finds the two values that are routed on, once; and the model replaced, all else the same."""
    pairs = _top(body)
    keys = [key for key, _ in pairs]
    assert keys.count("model") <= 1, "two models"
    assert keys.count("stream") <= 1, "two wishes to stream"
    told = dict(pairs)
    assert asked.model == told.get("model", "")
    assert asked.stream is bool(told.get("stream"))
    renamed = _top(FORMATS[name].rename(asked, 'new "é'))
    wanted = [(key, 'new "é' if key == "model" else value) for key, value in pairs]
    assert renamed == (wanted if "model" in told else [("model", 'new "é'), *wanted]), f"{name}: {renamed}"


def _top(body: bytes) -> list[tuple[str, Any]]:
    """The pairs of the outermost object, repeated ones too."""
    seen: list[tuple[str, Any]] = []

    def note(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal seen
        seen = pairs  # the outermost is told last
        return dict(pairs)

    json.loads(body, object_pairs_hook=note)
    return seen


DOCUMENTS = Kind("documents", lambda dice: mutate(dice, SEEDS, TOKENS), check)
