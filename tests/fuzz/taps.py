"""The taps of all formats under fuzz: what they hear of a stream is what a reader of every event would, whatever the cuts
(I4), and odd bytes never make them fail (F-12)."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Any

import orjson

from engine.formats import FORMATS
from tests.fuzz.campaign import Kind
from tests.fuzz.events import Standard
from tests.fuzz.mutation import byte_by_byte, cut_anywhere, mutate, pick
from tests.fuzz.streams import DIALECTS, NAMES, joined, pick_of, written


def heard(tap: Any) -> tuple[Any, str, bool, str]:
    return tap.usage, tap.served, tap.finished, tap.fault.code if tap.fault else ""


def by_the_standard(name: str, stream: bytes) -> tuple[Any, str, bool, str]:
    """What a tap hears when every event is told to it."""
    tap: Any = FORMATS[name].tap()
    for event in Standard().read(stream):
        try:
            document = orjson.loads(event.data)
        except orjson.JSONDecodeError:
            tap.hear_other(event.data.encode())
        else:
            tap.hear(document)
    return heard(tap)


def listened(name: str, pieces: Iterable[bytes]) -> tuple[Any, str, bool, str]:
    tap: Any = FORMATS[name].tap()
    for piece in pieces:
        tap.feed(piece)
        tap.between()
    orjson.dumps(tap.usage)  # figures are kept in 64 bits
    return heard(tap)


def check_stream(name: str, pieces: list[bytes], dice: Random) -> None:
    stream = b"".join(pieces)
    standard = by_the_standard(name, stream)
    cuts = [pieces, joined(pieces, dice), cut_anywhere(stream, dice), [stream]]
    if not pick(dice, 10):
        cuts.append(byte_by_byte(stream))
    for cut in cuts:
        told = listened(name, cut)
        assert told == standard, f"{name}, cut into {[len(p) for p in cut]}: {told}\nby the standard: {standard}"


def make(dice: Random) -> bytes:
    """The format's place among NAMES, and a whole stream, one byte between its events that stands in none."""
    name = pick_of(dice, NAMES)
    return bytes((NAMES.index(name),)) + b"\x1e".join(written(DIALECTS[name](dice), dice))


def check(data: bytes, dice: Random) -> str:
    name, pieces = NAMES[data[0]], [piece for piece in data[1:].split(b"\x1e") if piece]
    check_stream(name, pieces, dice)
    # And odd bytes: nothing is raised, and cuts still do not matter. (A host that mixes CR with LF is not waited for.)
    odd = mutate(dice, [b"".join(pieces)], [b"\n\n", b"\r", b'"usage":{', b"[DONE]", b"data: ", b'"error"', b"\\", b'"'])
    told = listened(name, cut_anywhere(odd, dice))
    assert b"\r" in odd or told == listened(name, [odd]), f"{name}, {odd!r}: {told}"
    return name


TAPS = Kind("taps", make, check)
