"""Hot: guarded by bench/micro/tap.py. Gemini generateContent: streams.

Each event is a whole GenerateContentResponse on one `data:` line, and every one carries usage. There is no terminal event:
a `finishReason` has been the end, though it may come twice (formats.md section 4). What is streamed without `alt=sse` is one
JSON array: a whole reply to us.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from engine.formats.failure import fault_of
from engine.formats.gemini_generate.reply import counts_of, is_finished, usage_of, write_fault
from engine.formats.tap import LineTap
from engine.formats.tolerant import text

if TYPE_CHECKING:
    from engine.faults import Fault

_end = re.compile(rb'"(?:finishReason|blockReason)"\s*:\s*"')


class GenerateTap(LineTap):
    __slots__ = ("_counts",)

    def __init__(self) -> None:
        super().__init__()
        self._counts: dict[str, Any] = {}

    def is_worth(self, piece: bytes) -> bool:
        return b"data:" in piece

    def hear(self, data: dict[str, Any]) -> None:
        self.served = self.served or text(data.get("modelVersion"))
        self._counts.update(counts_of(data))
        self.usage = usage_of(self._counts)
        if data.get("error"):
            self.fault = fault_of(data["error"])
            self.finished = True
        elif is_finished(data):
            self.finished = True

    def hear_other(self, data: bytes) -> None:
        # An event that was too long to keep: a picture, as a rule. Its end may have been the stream's.
        if _end.search(data):
            self.finished = True


def write_stream_fault(fault: Fault, request_id: str) -> bytes:
    return b"data: %b\n\n" % write_fault(fault, request_id)
