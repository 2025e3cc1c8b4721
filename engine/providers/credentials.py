"""How a key is sent. The only place in the thinking half where a secret is revealed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.secret import Secret
    from engine.web import Pair

# The header, and what stands before the key. Never a query parameter: those end up in logs.
STYLES: dict[str, tuple[bytes, bytes] | None] = {
    "bearer": (b"authorization", b"Bearer "),  # RFC 6750 section 2.1
    "x-api-key": (b"x-api-key", b""),  # Anthropic
    "x-goog-api-key": (b"x-goog-api-key", b""),  # Gemini
    "api-key": (b"api-key", b""),  # Azure
    "none": None,
}


def credential_pairs(style: str, key: Secret | None) -> tuple[Pair, ...]:
    """The headers that carry this key; none without one. `style` is a word of STYLES."""
    form = STYLES[style]
    if form is None or not key:
        return ()
    name, before = form
    return ((name, before + key.reveal().encode()),)
