"""The request door under fuzz: three ways to read the same bytes must tell the same, however they are cut (I1, I3, I4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random

from engine.faults import Fault
from engine.settings import Limits
from engine.wire.message import RequestHead
from engine.wire.request_reader import RequestReader
from engine.wire.strict import strict_request_head
from tests.fuzz.campaign import Kind, fault_of
from tests.fuzz.mutation import byte_by_byte, cut_anywhere, mutate, pick
from tests.fuzz.parsers import Told, by_h11, by_llhttp
from tests.fuzz.requests import GET, SDK, SEEDS, TOKENS
from tests.fuzz.written import check_request

ROOMY = Limits()
TIGHT = Limits(head=400, line=120, target=40, fields=8, body=48)  # small enough to run into
_CODES = {
    *("bad_request", "uri_too_long", "head_too_large", "expectation_failed", "not_implemented", "version_not_supported"),
    "body_too_large",
}
# Reading byte by byte takes as long as all the rest: one case in so many.
_SELDOM = 24


class StrictReader(RequestReader):
    """The same reader without a recogniser and without a memory: every head goes through the strict profile and h11."""

    __slots__ = ()

    def _common_head(self, buffer: bytes) -> RequestHead | None:
        return None

    def _read_head(self) -> RequestHead | None:
        if self._empty_line_allowed and self._buffer.startswith(b"\r", self._at):
            if self.buffered < 2:
                return None
            self._empty_line_allowed = False
            if self._buffer[self._at + 1] == 0x0A:
                self._at += 2
        raw = self._find_head(self._limits.head)
        if raw is None:
            return None
        head = strict_request_head(raw, self._limits)
        self._begin_body(head)
        return head


@dataclass
class Reading:
    """What a reader made of a connection's bytes. `ends`: where each request that is whole ended."""

    heads: list[RequestHead] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    code: str = ""
    fault: Fault | None = None

    @property
    def told(self) -> tuple[list[RequestHead], list[bytes], str]:
        """What may not depend on the cuts: of a body that is not whole, how much has been handed out may."""
        return self.heads, self.bodies[: len(self.ends)], self.code


def read(pieces: Iterable[bytes], reader: RequestReader, as_served: bool = False) -> Reading:
    """`as_served`: as the server asks, for heads with the bodies that came with them, and for other bodies in one piece."""
    reading, fed = Reading(), 0
    try:
        for piece in pieces:
            fed += len(piece)
            if reading.heads and not reader.ended and len(piece) % 2:
                reading.bodies[-1] += reader.pass_through(piece)
            else:
                reader.feed(piece)
            _drain(reader, as_served, reading, fed)
    except Fault as fault:
        reading.code = fault.code
        reading.fault = fault
    return reading


def _drain(reader: RequestReader, as_served: bool, reading: Reading, fed: int) -> None:
    while True:
        if len(reading.heads) > len(reading.ends):
            if not reader.ended:
                reading.bodies[-1] += reader.take()
            if not reader.ended:
                if as_served and reader.gather(reading.bodies[-1]):
                    reading.bodies[-1] = b""
                return
            reading.ends.append(fed - reader.buffered)
        head = reader.request() if as_served else reader.head()
        if head is None:
            return
        reading.heads.append(head)
        reading.bodies.append(head.body or b"")
        head.body = None


def _check_dead(reader: RequestReader, fault: Fault) -> None:
    """I1: what comes after a fault, a good request too, is never read."""
    assert fault.code in _CODES, fault.code
    reader.feed(GET)
    for attempt in (reader.head, reader.take, lambda: reader.pass_through(GET), reader.request):
        assert fault_of(attempt) is fault, f"read on after {fault.code}"


def check(data: bytes, dice: Random, often: bool = False) -> str:
    """Returns the fault's code, "more" or "whole". `often`: byte by byte in every case."""
    limits = TIGHT if dice.random() < 0.2 else ROOMY
    reading = read([data], reader := RequestReader(limits))
    if reading.fault is not None:
        _check_dead(reader, reading.fault)
    if reading.heads or often:  # else the strict profile has spoken already
        strict = read([data], StrictReader(limits)).told
        assert strict == reading.told, f"the strict profile alone: {strict}\nwith the recogniser: {reading.told}"
    for pieces in _cut(data, reading, dice, often):
        other = read(pieces, RequestReader(limits), as_served=dice.random() < 0.7).told
        assert other == reading.told, f"cut into {[len(p) for p in pieces]}: {other}\nwhole: {reading.told}"
    if limits is ROOMY and b"X-Stainless" in data:
        _check_known_again(data, reading)
    if reading.heads and (often or not pick(dice, 8)):
        check_request(reading.heads[-1])
    for place, (told, span) in enumerate(zip(_ours(reading), _spans(data, reading), strict=False)):
        if told.whole or not reading.code:
            _check_agreed(told, by_h11(span), f"h11, request {place}")
        if told.whole:  # llhttp refuses a trailer before its line is whole
            _check_agreed(told, by_llhttp(span), f"llhttp, request {place}")
    return reading.code or ("whole" if len(reading.ends) == len(reading.heads) > 0 else "more")


def _cut(data: bytes, reading: Reading, dice: Random, often: bool) -> list[list[bytes]]:
    cuts = [cut_anywhere(data, dice, 3)] if often or dice.random() < 0.5 else []
    if reading.ends and len(reading.heads) > 1:
        # As clients send: one request, one piece. Only so does a head that comes again meet the memory of the one before.
        cuts.append([data[a:b] for a, b in zip([0, *reading.ends], [*reading.ends, len(data)], strict=True) if a < b])
    if often or not pick(dice, _SELDOM):
        cuts.append(byte_by_byte(data))
    return cuts


def _check_known_again(data: bytes, reading: Reading) -> None:
    """What resembles the head of the request before it: only the same in every byte but its length is known again."""
    heads, bodies, code = read([SDK, data], RequestReader(ROOMY), as_served=True).told
    assert bodies[0] == SDK[-13:]
    assert (heads[1:], bodies[1:], code) == reading.told, f"after a request that it resembles: {heads[1:], bodies[1:], code}"


def _ours(reading: Reading) -> list[Told]:
    return [
        Told(
            method=head.method.encode(),
            path=head.path.encode(),
            query=head.query.encode(),
            version=head.version.encode(),
            length=head.length,
            headers=list(head.headers),
            body=body,
            whole=place < len(reading.ends),
        )
        for place, (head, body) in enumerate(zip(reading.heads, reading.bodies, strict=True))
    ]


def _spans(data: bytes, reading: Reading) -> list[bytes]:
    """The bytes of each request, the empty line left out that may stand before it."""
    starts = [0, *reading.ends]
    return [data[a:b].removeprefix(b"\r\n") for a, b in zip(starts, [*reading.ends, len(data)], strict=True)]


def _check_agreed(ours: Told, other: Told | None, who: str) -> None:
    assert other is None or other == ours, f"{who}: {other}\nwe: {ours}"


def make(dice: Random) -> bytes:
    return mutate(dice, SEEDS, TOKENS)


DOOR = Kind("door", make, check)
