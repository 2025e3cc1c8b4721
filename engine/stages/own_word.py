"""A provider's own error, kept for a client that is to see it: `call: {pass_errors: true}`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.faults import Fault
from engine.providers.credentials import without_key
from engine.stages.unpacking import gunzipped
from engine.stages.verdict import is_error_document
from engine.stages.whole import Whole

if TYPE_CHECKING:
    from engine.ports import Reply
    from engine.targets import Target
    from engine.web import Headers

MOST = 64 * 1024  # bytes; no error needs more


class OwnWord:
    """`fault` is what it counts as for retries, pools and figures; `reply` is what the client is shown."""

    __slots__ = ("fault", "reply", "target")

    def __init__(self, fault: Fault, target: Target, headers: Headers, body: bytes, status: int) -> None:
        self.fault = fault
        self.target = target
        # Some providers quote the key that they refuse (reliability.md, F-15).
        self.reply = Whole(status, headers, without_key(body, target.credential))


async def own_word(reply: Reply, fault: Fault, target: Target) -> OwnWord | None:
    """What the body says, when it is an error in JSON of a decent size. Never raises a Fault."""
    try:
        body = await reply.read(MOST)
        if reply.headers.get(b"content-encoding") == b"gzip":
            body = gunzipped(body, MOST)
    except Fault:
        return None
    if reply.status < 400 or not is_error_document(reply.headers, body):
        return None
    return OwnWord(fault, target, reply.headers, body, reply.status)
