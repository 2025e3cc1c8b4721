from __future__ import annotations

from typing import Any

import pytest

from engine.formats.anthropic_messages.grammar import violations
from tests.tools.wired import chunks

START = {"type": "message_start", "message": {
    "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [], "stop_reason": None,
    "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 0}}}  # fmt: skip
END = {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {"output_tokens": 1}}
STOP = {"type": "message_stop"}
CALL = {"type": "tool_use", "id": "a", "name": "f", "input": {}}
THINK = {"type": "thinking", "thinking": "", "signature": ""}


def opened(index: int = 0, **block: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block or {"type": "text", "text": ""}}


def grew(kind: str = "text_delta", index: int = 0, **more: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **more}}


def closed(index: int = 0) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


TEXT = (opened(), grew(text="x"), closed())


def test_good_streams() -> None:
    assert violations(chunks(START, {"type": "ping"}, *TEXT, opened(1, **CALL), closed(1), END, STOP)) == []
    assert violations(chunks(START, END, STOP)) == []


BAD = {
    "no end": (START, *TEXT, END),
    "no message_delta": (START, *TEXT, STOP),
    "two message_deltas": (START, *TEXT, END, END, STOP),
    "two starts": (START, START, END, STOP),
    "more behind the end": (START, END, STOP, {"type": "ping"}),
    "a block within another": (START, opened(), opened(1), closed(1), END, STOP),
    "a gap in the indexes": (START, opened(1), closed(1), END, STOP),
    "a block that stays open": (START, opened(), END, STOP),
    "a delta of another block": (START, opened(), grew(index=1), closed(), END, STOP),
    "a delta of another kind": (START, opened(), grew("input_json_delta"), closed(), END, STOP),
    "a thought behind its signature": (
        START, opened(**THINK), grew("signature_delta", signature="S"), grew("thinking_delta"), closed(), END, STOP),
    "a call without a name": (START, opened(**{**CALL, "name": ""}), closed(), END, STOP),
    "an input that is no object": (START, opened(**CALL), grew("input_json_delta", partial_json="[1]"), closed(), END, STOP),
    "an input that is cut": (START, opened(**CALL), grew("input_json_delta", partial_json="{"), closed(), END, STOP),
    "an unknown event": (START, {"type": "surprise"}, END, STOP),
    "no reason": (START, {**END, "delta": {"stop_sequence": None}}, STOP),
}  # fmt: skip


@pytest.mark.parametrize("documents", BAD.values(), ids=list(BAD))
def test_violations_are_found(documents: tuple[dict[str, Any], ...]) -> None:
    assert violations(chunks(*documents))


def test_an_events_name_is_its_type() -> None:
    assert violations(chunks(START, END, STOP).replace(b"event: message_stop", b"event: done"))
