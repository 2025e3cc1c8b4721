"""Hot: guarded by bench/micro/tap.py. OpenAI Responses: streams of named events, one of which ends it; there is no `[DONE]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from engine.formats.failure import fault_of
from engine.formats.openai_error import error_of
from engine.formats.openai_responses.reply import usage_of
from engine.formats.tap import LineTap
from engine.formats.tolerant import mapping, text

if TYPE_CHECKING:
    from engine.faults import Fault

_ENDS = ("response.completed", "response.incomplete", "response.failed")


class ResponsesTap(LineTap):
    __slots__ = ()

    def is_worth(self, piece: bytes) -> bool:
        # Only the events that begin and end the stream carry a response.
        return piece.find(b'"response"') >= 0 or piece.find(b'"error"') >= 0

    def hear(self, data: dict[str, Any]) -> None:
        response = mapping(data.get("response"))
        self.served = self.served or text(response.get("model"))
        self.usage = usage_of(response) or self.usage
        kind = data.get("type")
        error = data.get("error") or response.get("error")
        if kind == "error" or error:
            self.fault = fault_of(error or data)
            self.finished = True
        elif kind in _ENDS:
            self.finished = True

    def hear_other(self, data: bytes) -> None:
        # An end that was too long to keep: its type stands in front.
        if any(b'"%b"' % end.encode() in data[:64] for end in _ENDS):
            self.finished = True


def write_stream_fault(fault: Fault, request_id: str) -> bytes:
    """The specification has the error's fields on top; the SDK raises on a nested `error` only: both are written. The number
    that the sequence has reached is not known here."""
    error = error_of(fault, request_id)
    fields = {key: error[key] for key in ("code", "message", "param")}
    return b"event: error\ndata: %b\n\n" % orjson.dumps({"type": "error", "sequence_number": 0, **fields, "error": error})
