"""A reply that has been read whole: what `call` hands on when nothing is streamed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.formats.conversion import Conversion
    from engine.formats.format import Heard
    from engine.ports import Write
    from engine.web import Headers


class Whole:
    """Implements ports.Reply over a body that is already here. `heard` is what its format made of it; None for a provider's
    own 4xx. `conversion` made the body, where provider and client speak different formats."""

    __slots__ = ("body", "conversion", "headers", "heard", "status")

    def __init__(
        self, status: int, headers: Headers, body: bytes, heard: Heard | None = None, conversion: Conversion | None = None
    ) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.heard = heard
        self.conversion = conversion

    async def read(self, limit: int) -> bytes:  # noqa: ARG002  it was held to the limit when it was read
        return self.body

    async def peek(self, beyond: int) -> bytes:  # noqa: ARG002  all of it is there
        return self.body

    async def pour(self, write: Write) -> None:
        write(self.body)

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def close(self) -> None: ...
