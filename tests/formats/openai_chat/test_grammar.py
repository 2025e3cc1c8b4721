from __future__ import annotations

from typing import Any

import pytest

from engine.formats.openai_chat.grammar import violations
from tests.tools.wired import chunks

HEAD = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
DONE = b"data: [DONE]\n\n"


def chunk(finish: str | None = None, index: int = 0, **delta: Any) -> dict[str, Any]:
    return {**HEAD, "choices": [{"index": index, "delta": delta, "finish_reason": finish}]}


FIRST, LAST = chunk(role="assistant", content=""), chunk("stop")
USAGE = {**HEAD, "choices": [], "usage": {"prompt_tokens": 1}}
CALL = {"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}


def test_good_streams() -> None:
    assert violations(chunks(FIRST, chunk(content="x"), LAST, end=DONE)) == []
    assert violations(chunks(FIRST, chunk(tool_calls=[CALL]), LAST, USAGE, end=DONE), wants_usage=True) == []


BAD = {
    "no DONE": ((FIRST, LAST), b""),
    "no first role": ((chunk(content="x"), LAST), DONE),
    "the role twice": ((FIRST, FIRST, LAST), DONE),
    "another id": ((FIRST, {**LAST, "id": "c2"}), DONE),
    "no reason to finish": ((FIRST,), DONE),
    "more behind the end": ((FIRST, LAST, chunk(content="x")), DONE),
    "tokens unasked": ((FIRST, LAST, USAGE), DONE),
    "an error": ((FIRST, {**LAST, "error": {}}), DONE),
    "no index": ((FIRST, {**HEAD, "choices": [{"delta": {}, "finish_reason": "stop"}]}, LAST), DONE),
    "a call that skips an index": ((FIRST, chunk(tool_calls=[{**CALL, "index": 1}]), LAST), DONE),
    "a call without a name": ((FIRST, chunk(tool_calls=[{**CALL, "function": {}}]), LAST), DONE),
    "a call's id twice": ((FIRST, chunk(tool_calls=[CALL]), chunk(tool_calls=[CALL]), LAST), DONE),
    "no calls in a list": ((FIRST, chunk(tool_calls=[]), LAST), DONE),
    "DONE twice": ((FIRST, LAST), DONE + DONE),
}


@pytest.mark.parametrize(("documents", "end"), BAD.values(), ids=list(BAD))
def test_violations_are_found(documents: tuple[dict[str, Any], ...], end: bytes) -> None:
    assert violations(chunks(*documents, end=end))


def test_tokens_that_were_asked_for_must_come() -> None:
    assert violations(chunks(FIRST, LAST, end=DONE), wants_usage=True)
