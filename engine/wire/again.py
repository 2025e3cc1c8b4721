"""Hot: guarded by bench/micro/reader.py. The head that a connection sent before, sent again."""

from __future__ import annotations

from engine.wire.fields import CONTENT_LENGTH
from engine.wire.message import RequestHead

LONGEST = 2048  # bytes of a head that is kept

_NAME = b"content-length"


class Again:
    """One client says the same in every request, but for the length of its body. What was judged byte by byte, and comes
    byte by byte the same, need not be judged again.

    It holds what the client would send again anyway, its key too, and no longer than the connection lives."""

    __slots__ = ("_after", "_before", "_head", "_length", "_place")

    def __init__(self) -> None:
        self._before = b""  # up to the length's first digit; b"" while there is nothing to compare with
        self._after = b""  # from behind its last digit
        self._length = b""
        self._place = 0  # of the length among the fields
        self._head: RequestHead | None = None

    def learn(self, raw: bytes, head: RequestHead) -> None:
        """`head` was recognised in `raw`, so the name is there once and its value has no white space behind it."""
        length = head.headers.get(_NAME)
        if length is None or len(raw) > LONGEST:
            self._head = None
            return
        start = raw.index(length, raw.lower().index(b"\r\ncontent-length:") + 17)
        self._before, self._after = raw[:start], raw[start + len(length) :]
        self._place = list(head.headers.pairs).index((_NAME, length))
        self._length, self._head = length, head

    def find(self, buffer: bytes) -> tuple[RequestHead, int] | None:
        """The head with which `buffer` begins, and where it ends; None when it is not the one that was learnt."""
        known, before, after = self._head, self._before, self._after
        if known is None or not buffer.startswith(before):
            return None
        start = len(before)
        stop = buffer.find(b"\r", start, start + 13)
        if stop < 0 or not buffer.startswith(after, stop):
            return None
        length = buffer[start:stop]
        if length == self._length:
            return known, stop + len(after)
        if not CONTENT_LENGTH.fullmatch(length):
            return None
        return self._with_length(known, length), stop + len(after)

    def _with_length(self, known: RequestHead, length: bytes) -> RequestHead:
        return RequestHead(
            known.method,
            known.path,
            known.query,
            known.version,
            known.headers.with_pair(self._place, (_NAME, length)),
            int(length),
            known.chunked,
            known.keep_alive,
            known.expect_continue,
        )
