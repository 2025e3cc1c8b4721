"""Heads that were read, written again: what goes out is read back as the same by the strict profile and h11, or is not sent at
all (I2, I3)."""

from __future__ import annotations

import re

from engine.settings import Limits
from engine.web import Pair
from engine.wire.head import write_request_head, write_response_head
from engine.wire.message import RequestHead, ResponseHead
from engine.wire.strict import strict_request_head
from engine.wire.strict_response import strict_response_head
from tests.fuzz.campaign import fault_of

_FRAMING = (b"content-length", b"transfer-encoding", b"connection", b"upgrade", b"expect")
_NAME = re.compile(rb"[a-z0-9-]+")
_LIMITS = Limits()


def sent(pairs: list[Pair]) -> list[Pair]:
    """Without what frames the message that it came in."""
    return [pair for pair in pairs if pair[0] not in _FRAMING]


def check_request(head: RequestHead) -> None:
    pairs = sent(list(head.headers))
    target = head.path + (f"?{head.query}" if head.query else "")
    fault = fault_of(lambda: write_request_head(head.method, target, pairs))
    _check_refusal(fault is not None, pairs)
    if fault is None and b"host" in head.headers:
        again = strict_request_head(write_request_head(head.method, target, pairs), _LIMITS)
        assert (again.method, again.path, again.query, list(again.headers)) == (head.method, head.path, head.query, pairs)
        assert (again.length, again.chunked) == (0, False)


def check_response(head: ResponseHead) -> None:
    pairs = sent(list(head.headers))
    fault = fault_of(lambda: write_response_head(head.status, pairs))
    _check_refusal(fault is not None, pairs)
    if fault is None:
        again = strict_response_head(write_response_head(head.status, pairs))
        assert (again.status, list(again.headers)) == (head.status, pairs)


def _check_refusal(refused: bool, pairs: list[Pair]) -> None:
    """Values that were read are fit to be written; of the names, not all are."""
    assert refused is not all(_NAME.fullmatch(name) for name, _ in pairs), pairs
