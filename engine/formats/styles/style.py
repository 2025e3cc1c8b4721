"""The contract of a style: one error in a shape of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from engine.faults import Fault


class Style(Protocol):
    """`fault` has the table's words and status already."""

    media_type: bytes

    def write(self, fault: Fault, request_id: str) -> bytes:
        """The body."""

    def event(self, fault: Fault, request_id: str) -> bytes | None:
        """The same as the last event of a stream whose head has gone out; None: as the route's format does it."""
