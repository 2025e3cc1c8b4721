"""`{"error":{"type","message"}}`, with a type that follows from the status alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from engine.formats.fault import words_of
from engine.wire.sse import write_event

if TYPE_CHECKING:
    from engine.faults import Fault

_TYPES = {
    401: "authentication_error",
    403: "authorization_error",
    404: "not_found_error",
    502: "external_error",
    503: "external_error",
    504: "external_error",
}
# What a client can mend by sending something else.
_VALIDATION = frozenset({400, 405, 408, 413, 414, 415, 417, 422, 431})


def type_of(status: int) -> str:
    return _TYPES.get(status) or ("validation_error" if status in _VALIDATION else "internal_error")


class Taxonomy:
    media_type = b"application/json"

    def write(self, fault: Fault, request_id: str) -> bytes:  # noqa: ARG002  it is in the header
        return orjson.dumps({"error": {"type": type_of(fault.status), "message": words_of(fault)}})

    def event(self, fault: Fault, request_id: str) -> bytes:
        return write_event(self.write(fault, request_id))


STYLE = Taxonomy()
