"""What a provider's answer amounts to: an answer to pass on, or a fault (reliability.md F-10 to F-16)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from engine.faults import Fault
from engine.limits.retry import read_retry_after

if TYPE_CHECKING:
    from engine.web import Headers

# As nearly all providers write it; anything else is taken apart.
_JSON = frozenset({b"application/json", b"application/json; charset=utf-8"})


def judge_head(status: int, headers: Headers, wall: float) -> Fault | None:
    """None when the body is worth reading: a success, or the provider's own word on what is wrong with the request (most
    4xx). `wall` is the time now in Unix seconds."""
    if 200 <= status < 300:
        return None
    if status < 200:
        return Fault("upstream_protocol")
    if status < 400:
        return Fault("upstream_redirect", inside=f"status {status}")
    if status in (401, 403, 407):
        # The gateway's credential was refused, not the client's; what the provider says of it may quote the key (F-15).
        return Fault("upstream_auth", inside=f"status {status}")
    if status == 429:
        return Fault("upstream_rate_limit", retry_after=read_retry_after(headers, wall))
    if status < 500:
        return None
    code = "upstream_overloaded" if status in (503, 529) else "upstream_error"
    return Fault(code, retry_after=read_retry_after(headers, wall), inside=f"status {status}")


def is_event_stream(headers: Headers) -> bool:
    return _media_type(headers) == b"text/event-stream"


def is_json(headers: Headers) -> bool:
    """Does it call itself JSON, or at least nothing else? An HTML page with status 200 is no answer (F-10)."""
    if headers.get(b"content-type") in _JSON:
        return True
    media_type = _media_type(headers)
    return media_type in (b"", b"application/json", b"text/json", b"text/plain") or media_type.endswith(b"+json")


def is_error_document(headers: Headers, body: bytes) -> bool:
    """Is a 4xx the provider's own word, in JSON, that can be passed on? A proxy's page in between is not."""
    if not is_json(headers):
        return False
    try:
        return isinstance(orjson.loads(body), (dict, list))
    except orjson.JSONDecodeError:
        return False


def _media_type(headers: Headers) -> bytes:
    given = headers.get(b"content-type")
    return b"" if given is None else given.partition(b";")[0].strip().lower()
