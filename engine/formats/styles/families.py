"""`{"error":{"message","type","request_id"}}` whatever the client speaks; the type is a family of faults."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from engine.fault_families import family_of
from engine.formats.fault import words_of

if TYPE_CHECKING:
    from engine.faults import Fault


class Families:
    media_type = b"application/json"

    def write(self, fault: Fault, request_id: str) -> bytes:
        said = {"message": words_of(fault), "type": family_of(fault.code), "request_id": request_id}
        return orjson.dumps({"error": said})

    def event(self, fault: Fault, request_id: str) -> None:
        """An SDK that reads a stream knows the events of its own format only."""


STYLE = Families()
