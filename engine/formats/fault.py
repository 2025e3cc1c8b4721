"""What all formats say of a fault alike: its words and its headers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.faults import Fault
    from engine.web import Pair

_LONGEST = 1000  # characters of a message
_LATEST = 3600  # seconds; a longer Retry-After is a mistake, or as good as never (reliability.md, F-13)


def words_of(fault: Fault) -> str:
    """The message, fit for JSON: a detail may quote a piece of a hostile request."""
    return fault.message[:_LONGEST].encode("utf-8", "replace").decode()


def seconds_of(fault: Fault) -> int | None:
    """Retry-After in whole seconds, never too early (RFC 9110 section 10.2.3), or None."""
    wait = fault.retry_after
    if wait is None or math.isnan(wait):
        return None
    return math.ceil(min(max(wait, 0.0), _LATEST))


def fault_headers(fault: Fault) -> list[Pair]:
    """`retry-after`, the challenge that RFC 9110 section 15.5.2 demands of a 401, and the fault's own headers."""
    pairs = list(fault.headers)
    seconds = seconds_of(fault)
    if seconds is not None:
        pairs.append((b"retry-after", b"%d" % seconds))
    if fault.status == 401 and all(name != b"www-authenticate" for name, _ in pairs):
        pairs.append((b"www-authenticate", b'Bearer realm="engine"'))
    return pairs
