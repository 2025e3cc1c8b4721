"""Hot: guarded by bench/micro/tap.py. Anthropic Messages: streams of named events, ended by `message_stop`.

Usage comes in two parts: `message_start` counts the prompt; each `message_delta` is cumulative, and what it names
overrides (https://docs.anthropic.com/en/docs/build-with-claude/streaming).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from engine.formats.anthropic_messages.reply import error_document, usage_of
from engine.formats.failure import fault_of
from engine.formats.tap import LineTap
from engine.formats.tolerant import mapping, text

if TYPE_CHECKING:
    from engine.faults import Fault


class MessagesTap(LineTap):
    __slots__ = ("_counts",)

    text_mark = b'"text":"'

    def __init__(self) -> None:
        super().__init__()
        self._counts: dict[str, Any] = {}

    def is_worth(self, piece: bytes) -> bool:
        find = piece.find  # see ChatTap
        return find(b'"usage"') >= 0 or find(b'"message_stop"') >= 0 or find(b'"error"') >= 0

    def hear(self, data: dict[str, Any]) -> None:
        kind = data.get("type")
        if kind == "message_start":
            message = mapping(data.get("message"))
            self.served = text(message.get("model"))
            self._count(message.get("usage"))
        elif kind == "message_delta":
            self._count(data.get("usage"))
        elif kind == "message_stop":
            self.finished = True
        elif kind == "error":
            self.fault = fault_of(data.get("error"))
            self.finished = True

    def _count(self, usage: object) -> None:
        self._counts.update((key, value) for key, value in mapping(usage).items() if value is not None)
        self.usage = usage_of(self._counts)


def write_stream_fault(fault: Fault, request_id: str) -> bytes:
    """The SDK looks at the event's name; no `message_stop` follows."""
    return b"event: error\ndata: %b\n\n" % orjson.dumps(error_document(fault, request_id))
