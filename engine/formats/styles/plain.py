"""The words alone, as text: what a person at a terminal wants to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.formats.fault import words_of

if TYPE_CHECKING:
    from engine.faults import Fault


class Plain:
    media_type = b"text/plain; charset=utf-8"

    def write(self, fault: Fault, request_id: str) -> bytes:  # noqa: ARG002
        return words_of(fault).encode()

    def event(self, fault: Fault, request_id: str) -> None:
        """A stream's events are JSON whatever the style: text among them would be no event that an SDK understands."""


STYLE = Plain()
