"""A request body that is still arriving."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.faults import Fault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from engine.server.inbound import Inbound


class Incoming:
    """Implements web.Body. Only the connection's own task may read it, and only until its request is answered for.

    `first` is what had come with the head, `fault` what was wrong with it: told when the body is asked for, so that the
    answer does not depend on how the bytes were cut (I4). `expects`: the client waits for a 100 before it sends anything.
    `due` is the moment of the loop's clock by which all must be there; `patience`, in seconds, is how long more of it may be
    waited for: waiting uses it up, and what comes adds to it (F-33)."""

    __slots__ = ("_fault", "_first", "_inbound", "_whole", "due", "expects", "patience")

    def __init__(self, inbound: Inbound, first: bytes, fault: Fault | None, expects: bool, due: float, patience: float) -> None:
        self._inbound = inbound
        self._first = first
        self._fault = fault
        self.expects = expects
        self.due = due
        self.patience = patience
        self._whole: bytes | None = None

    async def read(self) -> bytes:
        """The whole body; a second call gives the same again. Answers `Expect: 100-continue` first.

        Raises Fault("body_too_large" | "request_timeout" | "bad_request")."""
        if self._whole is None:
            if self._fault is None and self._inbound.gather(self._first):
                self._first = b""
            with self._inbound.receiving():
                self._whole = b"".join([piece async for piece in self])
        return self._whole

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives; while a piece is handled, no more than 64 KiB and one read are held. Raises as `read`."""
        return self

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self._fault is not None:
            raise self._fault
        piece, self._first = self._first, b""
        if not piece:
            try:
                piece = await self._inbound.next_piece(self)
            except Fault as fault:
                self._fault = fault
                raise
        if not piece:
            raise StopAsyncIteration
        return piece
