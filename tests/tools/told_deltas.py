"""Deltas in a line each, to be read and compared."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from engine.answer import Delta
from engine.chat import Citation, Seal, Usage
from engine.faults import Fault
from engine.formats import FORMATS
from engine.wire.sse import EventReader


def told(format: str, body: bytes) -> list[str]:
    """What a provider's stream says: `Grew 0 text='Hi'`. What a delta leaves out is as it usually is."""
    reader = FORMATS[format].stream_reader()
    deltas: list[Delta] = [delta for event in EventReader().feed(body) for delta in reader.feed(event)]
    if not any(type(delta).__name__ == "Failed" for delta in deltas):
        deltas += reader.end()
    return [_line(delta) for delta in deltas]


def _line(value: Any) -> str:
    if isinstance(value, Fault):
        return f"{value.code} {value.detail!r}" if value.detail else value.code
    known = [(field.name, getattr(value, field.name)) for field in fields(value)]
    said = [f"{name}={_value(each)}" for name, each in known if name == "block" or each not in (None, "", [], 0, -1)]
    return " ".join([type(value).__name__, *said])


def _value(value: Any) -> str:
    if isinstance(value, Seal):
        return f"{value.issuer}:{value.value}"
    if isinstance(value, (Citation, Usage, Fault)) or hasattr(value, "__dataclass_fields__"):
        return f"({_line(value)})"
    return repr(value)
