"""Where a head ends, found in pieces as in the whole (I4)."""

from __future__ import annotations

from typing import NoReturn

import pytest

from engine.faults import Fault
from engine.wire.scan import Buffer, HeadScan


class Scan(HeadScan):
    """Refuses a first line that begins with `!`, or that is `no`."""

    def check_opening(self, buffer: Buffer, seen: int) -> None:
        if buffer[:seen].startswith(b"!"):
            raise Fault("bad_request", "opening")

    def check_first_line(self, line: bytes) -> None:
        if line == b"no":
            raise Fault("bad_request", "first line")

    def refuse_size(self) -> NoReturn:
        raise Fault("head_too_large")

    def refuse_line_end(self) -> NoReturn:
        raise Fault("bad_request", "line end")


def scan(data: bytes, step: int) -> tuple[int, str]:
    found = Scan(limit=40, line_limit=10)
    end, buffer = -1, bytearray()
    try:
        for at in range(0, len(data), step):
            buffer += data[at : at + step]
            if end < 0:
                end = found.find_end(buffer)
    except Fault as fault:
        return 0, fault.detail or fault.code
    return end, ""


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a\r\n\r\n", (5, "")),
        (b"a\r\nb: c\r\n\r\nbody\n\n", (11, "")),
        (b"a\r\nb: c\r\n\r", (-1, "")),
        (b"", (-1, "")),
        (b"!", (0, "opening")),
        (b"no\r\n", (0, "first line")),
        (b"a\n", (0, "line end")),
        (b"\n", (0, "line end")),
        (b"a\r\nb\n", (0, "line end")),
        (b"a\r\n\n", (0, "line end")),
        (b"a\r\n\r\r\n\r\n", (8, "")),
        (b"a" * 20 + b"\r\n\r\n", (24, "")),  # the line limit is not the first line's
        (b"a\r\n" + b"b" * 8 + b"\r\n\r\n", (15, "")),
        (b"a\r\n" + b"b" * 9 + b"\r\n\r\n", (0, "head_too_large")),
        (b"a\r\n" + b"b" * 10, (0, "head_too_large")),
        (b"a\r\n" + b"b" * 10 + b"\n", (0, "head_too_large")),
        (b"a" * 36 + b"\r\n\r\n", (40, "")),
        (b"a" * 37 + b"\r\n\r\n", (0, "head_too_large")),
        (b"a" * 40, (0, "head_too_large")),
        (b"a" * 39, (-1, "")),
    ],
)
def test_the_verdict_is_the_same_whatever_the_cuts_i4(data: bytes, expected: tuple[int, str]) -> None:
    assert [scan(data, step) for step in (1, 2, 3, 7, 100)] == [expected] * 5
