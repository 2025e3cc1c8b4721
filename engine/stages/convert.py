"""Hot: guarded by bench/micro/convert.py. The answer, in the client's format."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.faults import Fault
from engine.formats import FORMATS
from engine.parts import Stage
from engine.providers.credentials import without_key
from engine.stages.whole import Whole
from engine.web import Response, Streamed

if TYPE_CHECKING:
    from engine.exchange import Exchange
    from engine.formats.format import Format
    from engine.parts import Deed
    from engine.ports import Binding
    from engine.web import Headers, Pair

# What of a provider's headers reaches the client, under which name; all else stays behind (reliability.md 1.5).
PASSED = {
    b"x-request-id": b"x-upstream-request-id",
    b"request-id": b"x-upstream-request-id",
    b"openai-processing-ms": b"openai-processing-ms",
    b"retry-after": b"retry-after",
}
PASSED_FAMILIES = (b"x-ratelimit-", b"anthropic-ratelimit-")
LONGEST_VALUE = 4096
MOST_NAMES = 1024  # providers choose them

# A cache or a proxy in between must not hold a stream back (`x-accel-buffering` is nginx's word for it).
FOR_STREAMS: tuple[Pair, ...] = ((b"cache-control", b"no-cache"), (b"x-accel-buffering", b"no"))


class _Names(dict[bytes, bytes]):
    """A provider's header name -> the name under which it goes on, b"" when it stays behind."""

    def __missing__(self, name: bytes) -> bytes:
        to = PASSED.get(name) or (name if name.startswith(PASSED_FAMILIES) else b"")
        if len(self) < MOST_NAMES:
            self[name] = to
        return to


_names = _Names()
_sane = re.compile(rb"[\x20-\x7e\t]*").fullmatch


@dataclass(frozen=True)
class Convert(Stage):
    """Answer with the provider's reply in the format that the route `speaks`. The same format passes untouched, whole or
    streamed; of the provider's headers only known, harmless ones do."""

    example = "convert"
    reads = frozenset({"chat", "reply"})
    writes = frozenset({"answer"})

    def bind(self, binding: Binding) -> Deed:
        spoken = FORMATS[binding.route.speaks]
        meter = binding.services.meter

        def convert(exchange: Exchange) -> None:
            reply = exchange.reply
            headers, dropped = passed_headers(reply.headers)
            if dropped:
                meter.count("upstream_headers_dropped", dropped)
            if isinstance(reply, Whole):
                heard = reply.heard
                if heard is not None:
                    exchange.usage = heard.usage
                    exchange.notes["model_served"] = heard.served
                exchange.answer = Response(reply.status, headers, reply.body)
            else:
                headers += FOR_STREAMS
                exchange.answer = Response(reply.status, headers, b"", Streamed(reply, Untouched(spoken, exchange)))

        return convert


def passed_headers(headers: Headers) -> tuple[list[Pair], int]:
    """(the headers that go on to the client, how many were dropped for a value that should not travel)."""
    media_type = headers.get(b"content-type")
    out: list[Pair] = [(b"content-type", b"application/json" if media_type is None else media_type)]  # it was read as that
    values = b"" if media_type is None else media_type
    for name, value in headers.pairs:
        to = _names[name]
        if to:
            out.append((to, value))
            values += value
    # All in one look: short together means that each is short.
    return (out, 0) if len(values) <= LONGEST_VALUE and _sane(values) else _without_harm(out)


def _without_harm(pairs: list[Pair]) -> tuple[list[Pair], int]:
    (name, media_type), *others = pairs
    kept = [(name, media_type if _is_harmless(media_type) else b"application/json")]
    kept += [pair for pair in others if _is_harmless(pair[1])]
    return kept, len(others) + 1 - len(kept) + (kept[0][1] != media_type)


def _is_harmless(value: bytes) -> bool:
    return len(value) <= LONGEST_VALUE and _sane(value) is not None


class Untouched:
    """The pipe between equal formats: a tap listens, every chunk goes on as it is."""

    __slots__ = ("_exchange", "_format", "_tap")

    def __init__(self, format: Format, exchange: Exchange) -> None:
        self._format = format
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
        words = self._format.write_stream_fault(fault, self._exchange.id)
        return words if self._tap.between() else b"\n\n" + words

    def _note(self) -> None:
        self._exchange.usage = self._tap.usage
        self._exchange.notes["model_served"] = self._tap.served
