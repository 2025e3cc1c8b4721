"""Hot: guarded by bench/micro/chunked.py. The chunked transfer coding (RFC 9112 section 7.1), for both directions.

Stricter than the RFC: no white space around a size or an extension, at most 4 extensions, and a size is judged as soon as it is
announced. Trailers are checked, limited and dropped.
"""

from __future__ import annotations

import re
from typing import NoReturn

from engine.faults import Fault
from engine.wire.fields import SINGLE, read_response_field

LAST_CHUNK = b"0\r\n\r\n"

_LINE_LIMIT = 4 * 1024  # bytes of a chunk's size line
_TRAILER_LIMIT = 8 * 1024  # bytes of all trailers
_SMALL = 4 * 1024  # bytes of a chunk, framing included, that is recognised by its length
_PLAIN_LINE = 17  # bytes of a size line without extensions, at most
_REMEMBERED = 4096  # size lines
_FREE_CHUNKS = 1000  # so many chunks may be of any size; from there on the mean counts

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_QUOTED = rb"\"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*\""
_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,16})(?:;" + _TOKEN + rb"(?:=(?:" + _TOKEN + rb"|" + _QUOTED + rb"))?){0,4}\r\n")
_plain = re.compile(rb"[0-9A-Fa-f]{1,15}\r\n").fullmatch
_FRAMING = frozenset({*SINGLE, b"connection", b"content-encoding", b"content-range", b"te", b"trailer"})

_SIZE, _DATA, _DATA_END, _TRAILERS = range(4)


def write_chunk(data: bytes) -> bytes:
    """One chunk; b"" for no data, since an empty chunk would end the body."""
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


class _Starts(dict[int, tuple[bytes, ...]]):
    """The length of a whole chunk, framing included -> its size line, in lower case and in capitals; () where no size fits."""

    def __missing__(self, length: int) -> tuple[bytes, ...]:
        self[length] = starts = next(
            (
                (b"%x\r\n" % size, b"%X\r\n" % size)
                for size in range(max(1, length - 8), length - 4)
                if len(b"%x" % size) + size + 4 == length
            ),
            (),
        )
        return starts


_starts = _Starts()


class _Sizes(dict[bytes, int]):
    """A size line without extensions, CRLF included -> bytes; -1 for what is none, and for the last chunk's."""

    def __missing__(self, line: bytes) -> int:
        size = int(line, 16) if _plain(line) else 0
        if len(self) < _REMEMBERED:
            self[line] = size or -1
        return size or -1


_size_of = _Sizes().__getitem__


class ChunkedReader:
    """Decodes one chunked body. `max_body` in bytes; `malformed` and `too_large` are fault codes; `mean` is the least mean
    size of a chunk, in bytes, once there have been a thousand: a flood of tiny chunks costs more than it brings."""

    __slots__ = (
        "_chunks",  # how many there were
        "_held",  # a size line, a trailer or a CRLF that is not complete
        "_left",  # data bytes of this chunk still to come
        "_malformed",
        "_max_body",
        "_mean",
        "_state",
        "_too_large",
        "_total",  # data bytes announced
        "_trailers",  # bytes of trailers
        "ended",
        "rescued",  # what had been decoded of the piece that was refused
        "rest",  # what came after the end
    )

    def __init__(
        self, max_body: int, malformed: str = "bad_request", too_large: str = "body_too_large", mean: int = 16
    ) -> None:
        self._max_body = max_body
        self._malformed = malformed
        self._too_large = too_large
        self._mean = mean
        self._state = _SIZE
        self._held = b""
        self._left = 0
        self._total = 0
        self._chunks = 0
        self._trailers = 0
        self.ended = False
        self.rescued = b""
        self.rest = b""

    def feed(self, data: bytes) -> bytes:
        """The payload that `data` completes. Raises Fault(`malformed` | `too_large`)."""
        if self._state == _DATA and len(data) <= self._left:
            self._left -= len(data)
            if not self._left:
                self._state = _DATA_END
            return data
        length = len(data)
        if self._state == _SIZE and length < _SMALL and not self._held:
            # The common case of a stream: one chunk, whole, and nothing else. Its length tells how it begins.
            starts = _starts[length]
            if data.startswith(starts) and data[-2:] == b"\r\n":
                piece = data[len(starts[0]) : -2]
                self._count(len(piece))
                return piece
        return self._decode(data)

    def _decode(self, data: bytes) -> bytes:
        if self._held:
            data = self._held + data
            self._held = b""
        pieces: list[bytes] = []
        try:
            at = self._walk(data, pieces)
        except Fault:
            self.rescued = b"".join(pieces)
            raise
        if self.ended:
            self.rest = data[at:]
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _walk(self, data: bytes, pieces: list[bytes]) -> int:
        """Decodes `data` into `pieces`; returns how far it came. What is not complete is held."""
        at = 0
        while at < len(data) and not self.ended:
            if self._state == _DATA:
                end = min(at + self._left, len(data))
                pieces.append(data[at:end])
                self._left -= end - at
                self._state = _DATA if self._left else _DATA_END
            elif self._state == _DATA_END:
                end = self._end_chunk(data, at)
            else:
                end = self._take_whole(data, at, pieces) if self._state == _SIZE else at
                if end == at:
                    end = self._read_line(data, at)
            if end < 0:
                self._held = data[at:]
                break
            at = end
        return at

    def _take_whole(self, data: bytes, at: int, pieces: list[bytes]) -> int:
        """Takes the plain chunks at `at` that are there whole, as in a stream that is read late; returns where they end."""
        chunks, total, most, mean = self._chunks, self._total, self._max_body, self._mean
        find, take = data.find, pieces.append
        while start := find(b"\n", at, at + _PLAIN_LINE) + 1:
            size = _size_of(data[at:start])
            end = start + size
            if size < 0 or data[end : end + 2] != b"\r\n":
                break
            # `_count`, spelt out; it is asked itself when a limit is met.
            if total + size > most or (chunks >= _FREE_CHUNKS and total + size < mean * (chunks + 1)):
                break
            chunks += 1
            total += size
            take(data[start:end])
            at = end + 2
        self._chunks, self._total = chunks, total
        return at

    def _end_chunk(self, data: bytes, at: int) -> int:
        if data.startswith(b"\r\n", at):
            self._state = _SIZE
            return at + 2
        if len(data) - at > 1 or data[at] != 0x0D:
            self._refuse()
        return -1

    def _read_line(self, data: bytes, at: int) -> int:
        """Reads a size line or a trailer at `at`; returns where it ends, -1 when it is not complete."""
        limit = _LINE_LIMIT if self._state == _SIZE else _TRAILER_LIMIT - self._trailers
        end = data.find(b"\n", at, at + limit) + 1
        if not end:
            if len(data) - at >= limit:
                self._refuse()
            return -1
        if self._state == _TRAILERS:
            self._read_trailer(data[at:end])
            return end
        line = _SIZE_LINE.fullmatch(data, at, end)
        if not line:
            self._refuse()
        self._announce(int(line[1], 16))
        return end

    def _announce(self, size: int) -> None:
        self._left = size
        self._state = _DATA if size else _TRAILERS
        self._count(size)

    def _count(self, size: int) -> None:
        self._chunks += 1
        self._total += size
        if self._total > self._max_body:
            raise Fault(self._too_large)
        if size and self._chunks > _FREE_CHUNKS and self._total < self._mean * self._chunks:
            raise Fault(self._malformed, "too many tiny chunks")

    def _read_trailer(self, line: bytes) -> None:
        if line == b"\r\n":
            self.ended = True
            return
        self._trailers += len(line)
        field = read_response_field(line[:-2]) if line.endswith(b"\r\n") else None
        if field is None or field[0] in _FRAMING:
            self._refuse()

    def _refuse(self) -> NoReturn:
        raise Fault(self._malformed, "the chunked coding is malformed")
