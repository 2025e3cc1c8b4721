"""Faults as a route writes them: in its format's shape or another style, with the table's own words and statuses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from engine.faults import Fault
from engine.formats.styles import STYLES
from engine.web import Response

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeVar

    from engine.formats.format import Format
    from engine.program import Program, Route
    from engine.settings import Errors

    T = TypeVar("T")

_hole = re.compile(r"\{(message|detail|code)\}")


class Retold(Fault):
    """A fault with other words and another status; its code stays."""

    __slots__ = ("_said",)

    def __init__(self, fault: Fault, said: str, status: int) -> None:
        super().__init__(
            fault.code,
            fault.detail,
            param=fault.param,
            retry_after=fault.retry_after,
            status=status,
            headers=fault.headers,
            inside=fault.inside,
        )
        self._said = said

    @property
    def message(self) -> str:
        return self._said


class ErrorWriter:
    """`said` is what the table says of errors, None when it says nothing."""

    def __init__(self, format: Format, said: Errors | None = None) -> None:
        self._format = format
        self._said = said

    def response(self, fault: Fault, request_id: str) -> Response:
        """The whole answer that a fault is."""
        fault = self.retold(fault)
        style = STYLES.get(self._word(fault))
        headers = self._format.fault_headers(fault)
        if style is None:
            body = self._format.write_fault(fault, request_id)
            return Response(fault.status, [(b"content-type", b"application/json"), *headers], body)
        return Response(fault.status, [(b"content-type", style.media_type), *headers], style.write(fault, request_id))

    def event(self, fault: Fault, request_id: str) -> bytes:
        """What ends a stream whose head has gone out."""
        fault = self.retold(fault)
        style = STYLES.get(self._word(fault))
        event = style.event(fault, request_id) if style is not None else None
        return self._format.write_stream_fault(fault, request_id) if event is None else event

    def retold(self, fault: Fault) -> Fault:
        """The fault with the table's words and status, or the same when it has none for it."""
        if self._said is None:
            return fault
        words, status = _by_fault(self._said.say, fault), _by_fault(self._said.status, fault)
        if words is None and status is None:
            return fault
        return Retold(fault, fault.message if words is None else _filled(words, fault), status or fault.status)

    def _word(self, fault: Fault) -> str:
        if self._said is None:
            return "format"
        return _by_fault(self._said.styles, fault) or self._said.style


def errors_of(program: Program, route: Route | None, format: Format) -> ErrorWriter:
    """As the route says, else as the server does, else as the format does."""
    said = route.errors if route is not None else None
    return ErrorWriter(format, said or getattr(program.server, "errors", None))


def _by_fault(rows: Mapping[str, T], fault: Fault) -> T | None:
    """By its code, else by whose fault it is."""
    row = rows.get(fault.code)
    return rows.get(fault.row.blame.value) if row is None else row


def _filled(words: str, fault: Fault) -> str:
    # In one go: what a detail quotes of a request is never taken for a hole.
    told = {"message": fault.message, "detail": fault.detail or fault.row.says, "code": fault.code}
    return _hole.sub(lambda hole: told[hole[1]], words)
