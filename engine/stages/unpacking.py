"""A body that a provider compressed, undone: never to more than the limit, so that a small bomb cannot fill the memory."""

from __future__ import annotations

import zlib

from engine.faults import Fault

_GZIP = 31  # zlib's window of 15 bits, with gzip's header and trailer (RFC 1952)


def gunzipped(body: bytes, limit: int) -> bytes:
    """At most `limit` bytes (reliability.md, F-17). Raises Fault("upstream_encoding" | "upstream_too_large")."""
    unpacker = zlib.decompressobj(_GZIP)
    try:
        out = unpacker.decompress(body, limit + 1)
    except zlib.error:
        raise Fault("upstream_encoding", "it is no gzip") from None
    if len(out) > limit:
        raise Fault("upstream_too_large")
    if not unpacker.eof or unpacker.unused_data:
        raise Fault("upstream_encoding", "its gzip is cut off, or more follows it")
    return out
