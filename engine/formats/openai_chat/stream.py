"""Hot: guarded by bench/micro/tap.py. OpenAI Chat Completions: streams.

Each event is a `chat.completion.chunk` on one `data:` line; `data: [DONE]` ends it. Some hosts end without it: then the
`finish_reason` has been the end (formats.md section 4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from engine.formats.failure import fault_of
from engine.formats.openai_chat.reply import usage_of
from engine.formats.openai_error import error_of
from engine.formats.tap import LineTap
from engine.formats.tolerant import mapping, sequence, text

if TYPE_CHECKING:
    from engine.faults import Fault


class ChatTap(LineTap):
    __slots__ = ()

    text_mark = b'"content":"'

    def is_worth(self, piece: bytes) -> bool:
        # `"usage":null` and `"finish_reason":null` are in every chunk of some hosts: only what is set is looked for.
        find = piece.find  # `in` tries the mark as a number first, which takes as long as the search itself
        return (
            find(b'"usage":{') >= 0
            or find(b'"finish_reason":"') >= 0
            or find(b"[DONE]") >= 0
            or find(b'"error"') >= 0
            or find(b'"usage": {') >= 0
            or find(b'"finish_reason": "') >= 0
        )

    def hear(self, data: dict[str, Any]) -> None:
        self.served = self.served or text(data.get("model"))
        self.usage = usage_of(data) or self.usage
        if data.get("error"):
            self.fault = fault_of(data["error"])
            self.finished = True
        elif any(mapping(choice).get("finish_reason") for choice in sequence(data.get("choices"))):
            self.finished = True

    def hear_other(self, data: bytes) -> None:
        if data == b"[DONE]":
            self.finished = True


def write_stream_fault(fault: Fault, request_id: str) -> bytes:
    """The SDK raises on a top-level `error`; no `[DONE]` follows, for that would make it a good end."""
    return b"data: %b\n\n" % orjson.dumps({"error": error_of(fault, request_id)})
