from __future__ import annotations

from typing import Any

import orjson
import pytest

from engine.formats.gemini_generate.grammar import violations
from tests.tools.wired import chunks


def event(*parts: dict[str, Any], finish: str = "", **more: Any) -> dict[str, Any]:
    said: dict[str, Any] = {"content": {"role": "model", "parts": list(parts)}, "index": 0}
    return {"candidates": [said | ({"finishReason": finish} if finish else {})], "modelVersion": "t", **more}


FIRST, LAST = event({"text": "x"}), event({"text": ""}, finish="STOP", usageMetadata={})
CALL = {"functionCall": {"name": "f", "args": {}}}


def test_good_streams() -> None:
    assert violations(chunks(FIRST, event(CALL), LAST)) == []
    assert violations(orjson.dumps([FIRST, LAST]), sse=False) == []


BAD = {
    "no reason": chunks(FIRST),
    "no counts at the end": chunks(FIRST, event(finish="STOP")),
    "an error": chunks(FIRST, {**LAST, "error": {}}),
    "no model": chunks(FIRST, {**LAST, "modelVersion": ""}),
    "a comment": b": ping\n\n" + chunks(FIRST, LAST),
    "a name": b"event: x\n" + chunks(FIRST, LAST),
    "a part of two": chunks(event({"text": "x", **CALL}), LAST),
    "a part of nothing": chunks(event({}), LAST),
    "args that are no object": chunks(event({"functionCall": {"name": "f", "args": "{}"}}), LAST),
    "not the model's": chunks({**FIRST, "candidates": [{"content": {"role": "user", "parts": []}}]}, LAST),
    "cut": chunks(FIRST, LAST)[:-1],
    "nothing": b"",
}


@pytest.mark.parametrize("body", BAD.values(), ids=list(BAD))
def test_violations_are_found(body: bytes) -> None:
    assert violations(body)


def test_an_array_must_be_one() -> None:
    assert violations(b'[{"a":1}', sse=False)
