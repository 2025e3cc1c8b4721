"""Every known way to hide the field that frames a body, at the request door (I1, I4; reliability.md, section 1.4)."""

from __future__ import annotations

from typing import Any

from engine.settings import Limits
from engine.wire.request_reader import RequestReader
from tests.fuzz.door import Reading, read
from tests.fuzz.framing_mutations import BODY, BYTES, PATH, mutations
from tests.fuzz.mutation import byte_by_byte

MUTATIONS = list(mutations())
REFUSED = {"bad_request", "not_implemented"}


def readings(data: bytes) -> list[Reading]:
    """Whole, byte by byte, and with the framing line in a piece of its own."""
    line = data.index(b"\r\n\r\n")
    return [read(pieces, RequestReader(Limits())) for pieces in ([data], byte_by_byte(data), [data[:line], data[line:]])]


def test_there_are_as_many_as_promised() -> None:
    assert len(BYTES) == 161
    assert len({data for _, data, _ in MUTATIONS}) > 2 * 1300
    assert sum(fair for _, _, fair in MUTATIONS) == 8, "a space or a tab after the colon or the value"


def test_a_spoilt_framing_field_is_refused_i1_i4(measured: Any) -> None:
    wrong = []
    for what, data, fair in MUTATIONS:
        for reading in readings(data):
            if not fair and (reading.heads or reading.code not in REFUSED):
                wrong.append((what, reading.code, [head.path for head in reading.heads]))
    assert wrong == []
    measured("mutations of framing fields read", len(MUTATIONS), at_least=2 * 1300)
    measured("mutations accepted that should not be", len(wrong), at_most=0)


def test_white_space_around_the_value_is_allowed_i4() -> None:
    fair = [data for _, data, fair in MUTATIONS if fair]
    for data in fair:
        for reading in readings(data):
            assert [head.path for head in reading.heads] == [PATH.decode(), "/hidden"]
            assert (reading.bodies, reading.code) == ([BODY, b""], "")
