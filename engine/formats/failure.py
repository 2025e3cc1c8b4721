"""What a provider's error means when it comes inside a good answer: with status 200, or as an event of a stream.

Anthropic really sends `overloaded_error` after a 200 (reliability.md, F-11); others follow with rate limits.
"""

from __future__ import annotations

from engine.faults import Fault
from engine.formats.tolerant import mapping, text

# Words of `type`, `code` and `status` as the four vendors write them, and status numbers; the first hit decides.
_SIGNS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("upstream_rate_limit", ("rate_limit", "resource_exhausted", "insufficient_quota", "429")),
    ("upstream_overloaded", ("overloaded", "unavailable", "503", "529")),
    ("upstream_auth", ("authentication", "permission", "unauthenticated", "invalid_api_key", "billing", "401", "402", "403")),
    ("upstream_refused", ("invalid_request", "invalid_argument", "not_found", "context_length", "400", "404", "413", "422")),
)


def fault_of(error: object) -> Fault:
    """The fault that an error object (or string) stands for; "upstream_error" when it says nothing that is known."""
    fields = mapping(error)
    words = " ".join(str(fields[key]) for key in ("type", "code", "status") if isinstance(fields.get(key), (str, int))).lower()
    code = next((code for code, signs in _SIGNS if any(sign in words for sign in signs)), "upstream_error")
    # Only a refusal's words are passed on: they are about the client's own request, the others may speak of our key.
    return Fault(code, text(fields.get("message"))[:300] if code == "upstream_refused" else "")
