"""Hot: guarded by bench/micro/reader.py. The head that a connection sent before, sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from engine.wire.message import RequestHead

if TYPE_CHECKING:
    from engine.web import Headers

LONGEST = 2048  # bytes of a head that is kept


class Again:
    """One client says the same in every request, but for the length of its body. What was judged byte by byte, and comes
    byte by byte the same, need not be judged again.

    It holds what the client would send again anyway, its key too, and no longer than a connection lives on which it came.
    Connections that say the same share one."""

    __slots__ = ("__weakref__", "_after", "_before", "_headers", "_keep_alive", "_method", "_path", "_query")

    def __init__(self, before: bytes, after: bytes, head: RequestHead) -> None:
        self._before = before  # up to the length's first digit
        self._after = after  # from behind its last digit
        self._method, self._path, self._query = head.method, head.path, head.query
        self._headers: Headers = head.headers
        self._keep_alive = head.keep_alive

    def find(self, buffer: bytes) -> tuple[RequestHead, int] | None:
        """The head with which `buffer` begins, and where it ends; None when it is not the one that was learnt."""
        before, after = self._before, self._after
        if not buffer.startswith(before):
            return None
        start = len(before)
        stop = buffer.find(b"\r", start, start + 13)
        if stop < 0 or not buffer.startswith(after, stop):
            return None
        length = buffer[start:stop]
        # CONTENT_LENGTH, spelt out: up to twelve digits, the first a 0 only when it is the last.
        if not length.isdigit() or (buffer[start] == 0x30 and stop > start + 1):
            return None
        head = RequestHead(self._method, self._path, self._query, self._headers)
        head.length = int(length)
        head.keep_alive = self._keep_alive
        return head, stop + len(after)


_learnt: WeakValueDictionary[tuple[bytes, bytes], Again] = WeakValueDictionary()


def learn(raw: bytes, head: RequestHead) -> Again | None:
    """What is to be compared with, `head` having been recognised in `raw`; None for a head without a length, or too long.

    A recognised head has the name once, and no white space behind its value."""
    place = raw.lower().find(b"\r\ncontent-length:") + 17
    if place < 17 or len(raw) > LONGEST:
        return None
    start = place + (raw[place] == 0x20)
    halves = raw[:start], raw[raw.index(b"\r", start) :]
    known = _learnt.get(halves)
    if known is None:
        known = _learnt[halves] = Again(*halves, head)
    return known
