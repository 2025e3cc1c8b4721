"""Arguments of tool calls, for formats that want an object where others carry text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from engine.chat import Call

RAW = "_raw"


def arguments_of(call: Call) -> dict[str, Any]:
    """Free text goes under `input`; what is no JSON object is kept as text under `_raw`."""
    if call.custom:
        return {"input": call.arguments}
    try:
        value = orjson.loads(call.arguments) if call.arguments.strip() else {}
    except orjson.JSONDecodeError:
        value = None
    return value if isinstance(value, dict) else {RAW: call.arguments}


def is_kept_as_text(arguments: dict[str, Any], call: Call) -> bool:
    """Was `arguments_of(call)` no object?"""
    return len(arguments) == 1 and arguments.get(RAW) == call.arguments
