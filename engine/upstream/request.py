"""Hot: guarded by bench/micro/upstream.py. A request to a provider, written anew from its fields (reliability.md, I2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.web import HOP_BY_HOP, Pair
from engine.wire.head import write_request_head
from engine.wire.known import Written

if TYPE_CHECKING:
    from engine.ports import Outgoing
    from engine.targets import Origin, Target

# What the transport itself says or never says, whoever asks for it.
OURS = HOP_BY_HOP | {b"host", b"content-length", b"accept-encoding", b"expect"}

# Methods whose requests say that they have no body (RFC 9110 section 8.6).
WITH_BODY = frozenset({"POST", "PUT", "PATCH"})

_changing = Written(OURS).__getitem__

JOINED = 64 * 1024  # a larger body is written as it is rather than copied behind its head
REMEMBERED = 1024


def travelling(pairs: tuple[Pair, ...]) -> list[Pair]:
    """`pairs` without the fields that concern one hop or are the transport's own."""
    return [pair for pair in pairs if pair[0] not in OURS]


def steady_fields(origin: Origin, target: Target) -> list[Pair]:
    """The fields that are the same in every request to `target`."""
    host = (b"host", origin.authority.encode("ascii", "backslashreplace"))
    return [host, (b"accept-encoding", b"identity"), *travelling(target.pairs)]


def changing_fields(outgoing: Outgoing) -> list[Pair]:
    """The fields of this one request, but for the body's length."""
    return [pair for pair in outgoing.pairs if pair[0] not in OURS]


def length_field(outgoing: Outgoing) -> list[Pair]:
    """Content-Length, where the method says that a body may come (RFC 9110 section 8.6)."""
    if outgoing.body or outgoing.method in WITH_BODY:
        return [(b"content-length", b"%d" % len(outgoing.body))]
    return []


class RequestWriter:
    """Writes requests for one origin; the head's steady part is built once per target, method and path."""

    __slots__ = ("_blocks", "_origin")

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        # Keyed by identity because hashing a target walks all its fields; the value holds the target, so that its id is
        # not given to another while the entry lives.
        self._blocks: dict[tuple[int, str, str], tuple[Target, bytes]] = {}

    def write(self, outgoing: Outgoing) -> tuple[bytes, ...]:
        """The request in as many writes as are wanted: one, or head and body when the body is large.

        Raises Fault("internal") when a field cannot be written; nothing has been sent then."""
        target = outgoing.target
        key = (id(target), outgoing.method, outgoing.path)
        known = self._blocks.get(key)
        block = known[1] if known is not None else self._build(key, outgoing)
        fields = map(_changing, outgoing.pairs)
        body = outgoing.body
        end = b"content-length: %d\r\n\r\n" % len(body) if body or outgoing.method in WITH_BODY else b"\r\n"
        if len(body) > JOINED:
            return (b"".join((block, *fields, end)), body)
        return (b"".join((block, *fields, end, body)),)

    def _build(self, key: tuple[int, str, str], outgoing: Outgoing) -> bytes:
        fields = steady_fields(self._origin, outgoing.target)
        block = write_request_head(outgoing.method, outgoing.path, fields)[:-2]
        if len(self._blocks) >= REMEMBERED:
            self._blocks.clear()
        self._blocks[key] = (outgoing.target, block)
        return block
