"""Hot: guarded by bench/micro/head.py. Field lines seen before: SDKs and providers repeat all but a few of theirs.

A line that was judged once need not be judged again: reading and writing a head become look-ups, one per line. What is
remembered is bounded, and what changes from message to message, or is nobody's to keep, is judged each time.
"""

from __future__ import annotations

import re

from engine.faults import Fault
from engine.web import CREDENTIALS, Pair
from engine.wire.fields import CONTENT_LENGTH

MOST = 4096  # lines remembered by each memory; then it begins anew
LONGEST = 256  # bytes of a line that is remembered

_HOST = re.compile(rb"[A-Za-z0-9.-]+(?::[1-9][0-9]{0,3})?")  # a longer port is left to the strict profile
_VALUE = rb": ?([!-~\x80-\xff](?:[ -~\x80-\xff]*[!-~\x80-\xff])?|)"
REQUEST_LINE = re.compile(rb"([A-Za-z0-9-]+)" + _VALUE)
RESPONSE_LINE = re.compile(rb"([A-Za-z0-9_-]+)" + _VALUE)

# Different in nearly every message, or secret. A date comes again for a second, and lengths are alike.
_PASSING = CREDENTIALS | {
    b"x-request-id", b"request-id", b"x-upstream-request-id", b"cf-ray", b"traceparent", b"idempotency-key",
    b"openai-processing-ms",
}  # fmt: skip

# Values that decide how a message is read, as the common shape has them.
_COMMON = {
    b"host": _HOST.fullmatch,
    b"content-length": CONTENT_LENGTH.fullmatch,
    b"transfer-encoding": re.compile(rb"chunked").fullmatch,
    b"connection": re.compile(rb"keep-alive|Keep-Alive|close").fullmatch,
    # Rare enough to be the strict profile's business whatever they say.
    b"upgrade": re.compile(rb"(?!)").match,
    b"expect": re.compile(rb"(?!)").match,
}


class Uncommon(Exception):
    """The line is not of the common shape; valid or not is for the strict profile to say."""


class Lines(dict[bytes, Pair]):
    """A field line, without its CRLF -> (lower-case name, value). Raises Uncommon."""

    __slots__ = ("_pattern",)

    def __init__(self, pattern: re.Pattern[bytes]) -> None:
        self._pattern = pattern

    def __missing__(self, line: bytes) -> Pair:
        match = self._pattern.fullmatch(line)
        if match is None:
            raise Uncommon
        name, value = match[1].lower(), match[2]
        judge = _COMMON.get(name)
        if judge is not None and not judge(value):
            raise Uncommon
        pair = (name, value)
        if name not in _PASSING and len(line) <= LONGEST:
            if len(self) >= MOST:
                self.clear()
            self[line] = pair
        return pair


_REQUEST = re.compile(rb"(GET|POST|HEAD|PUT|PATCH|DELETE|OPTIONS) (/[!\"$->@-~]*)(?:\?([!\"$-~]*))? HTTP/1\.1")


class FirstLines(dict[bytes, tuple[str, str, str]]):
    """A request line, without its CRLF -> (method, path, query). Raises Uncommon. A query may hold a key: none is kept."""

    __slots__ = ()

    def __missing__(self, line: bytes) -> tuple[str, str, str]:
        match = _REQUEST.fullmatch(line)
        if match is None:
            raise Uncommon
        method, path, query = match.groups(b"")
        told = (method.decode(), path.decode(), query.decode())
        if not query and len(line) <= LONGEST:
            if len(self) >= MOST:
                self.clear()
            self[line] = told
        return told


_STATUS = re.compile(rb"HTTP/1\.1 ((?!101)[1-5][0-9]{2}) [ -~]*")


class StatusLines(dict[bytes, int]):
    """A status line, without its CRLF -> the status. Raises Uncommon."""

    __slots__ = ()

    def __missing__(self, line: bytes) -> int:
        match = _STATUS.fullmatch(line)
        if match is None:
            raise Uncommon
        status = int(match[1])
        if len(line) <= LONGEST:
            if len(self) >= MOST:
                self.clear()
            self[line] = status
        return status


_NAME = re.compile(rb"[a-z0-9-]+").fullmatch
_PRINTABLE = re.compile(rb"[\t -~\x80-\xff]*").fullmatch


class Written(dict[Pair, bytes]):
    """A field -> its line as it is sent, with its CRLF; b"" for the names that are not the asker's to write.
    Raises Fault("internal") for a byte that has no place there (I2)."""

    __slots__ = ("_but",)

    def __init__(self, but: frozenset[bytes] = frozenset()) -> None:
        self._but = but

    def __missing__(self, pair: Pair) -> bytes:
        name, value = pair
        if name in self._but:
            return b""
        if not _PRINTABLE(value):
            raise Fault("internal")
        line = b"%b: %b\r\n" % pair
        if name in _PASSING:  # those are names without a doubt
            return line
        if not _NAME(name):
            raise Fault("internal")
        if len(line) <= LONGEST:
            if len(self) >= MOST:
                self.clear()
            self[pair] = line
        return line
