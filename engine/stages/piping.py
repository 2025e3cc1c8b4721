"""Hot: guarded by bench/micro/convert.py. What a stream passes through on its way to the client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.faults import Fault
from engine.providers.credentials import quoting_no_key, without_key

if TYPE_CHECKING:
    from engine.exchange import Exchange
    from engine.formats.conversion import ConvertedStream
    from engine.formats.error_writer import ErrorWriter
    from engine.formats.format import Format


class Converted:
    """The pipe between different formats: what its stream tells is noted for the log and the figures."""

    __slots__ = ("_exchange", "_stream")

    def __init__(self, stream: ConvertedStream, exchange: Exchange) -> None:
        self._stream = stream
        self._exchange = exchange

    def feed(self, chunk: bytes) -> bytes:
        try:
            return self._stream.feed(chunk)
        finally:
            # Kept up to date as it goes, for when the client leaves.
            if self._stream.usage is not self._exchange.usage:
                self._note()

    def finish(self) -> bytes:
        last = self._stream.finish()
        self._note()
        return last

    def fail(self, fault: Fault) -> bytes:
        self._note()
        target = self._exchange.target
        return self._stream.fail(quoting_no_key(fault, target.credential if target else None))

    def _note(self) -> None:
        self._exchange.usage = self._stream.usage
        self._exchange.notes["model_served"] = self._stream.served


class Untouched:
    """The pipe between equal formats: a tap listens, every chunk goes on as it is."""

    __slots__ = ("_errors", "_exchange", "_tap")

    def __init__(self, format: Format, exchange: Exchange, errors: ErrorWriter) -> None:
        self._errors = errors
        self._exchange = exchange
        self._tap = format.tap()

    def feed(self, chunk: bytes) -> bytes:
        tap = self._tap
        tap.feed(chunk)
        # Kept up to date as it goes: when the client leaves, nobody calls `finish`, but the tokens so far were spent.
        if tap.usage is not self._exchange.usage:
            self._note()
        if tap.fault is not None:  # the provider's own error event: it may quote our key
            target = self._exchange.target
            return without_key(chunk, target.credential if target else None)
        return chunk

    def finish(self) -> bytes:
        self._note()
        if self._tap.fault is not None:
            raise self._tap.fault
        if not self._tap.finished:
            raise Fault("upstream_truncated")
        return b""

    def fail(self, fault: Fault) -> bytes:
        self._note()
        if self._tap.fault is not None:
            # The provider's own error event has gone out. A blank line says nothing more, and ends the body in good order.
            return b"\n" if self._tap.between() else b"\n\n"
        words = self._errors.event(fault, self._exchange.id)
        return words if self._tap.between() else b"\n\n" + words

    def _note(self) -> None:
        self._exchange.usage = self._tap.usage
        self._exchange.notes["model_served"] = self._tap.served
