"""How a key is sent, and how it is kept from coming back."""

from __future__ import annotations

from json import dumps
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.faults import Fault
    from engine.secret import Secret
    from engine.web import Pair

_LEAST = 8  # characters

# The header, and what stands before the key. Never a query parameter: those end up in logs.
STYLES: dict[str, tuple[bytes, bytes] | None] = {
    "bearer": (b"authorization", b"Bearer "),  # RFC 6750 section 2.1
    "x-api-key": (b"x-api-key", b""),  # Anthropic
    "x-goog-api-key": (b"x-goog-api-key", b""),  # Gemini
    "api-key": (b"api-key", b""),  # Azure
    "none": None,
}


def without_key(text: bytes, key: Secret | None) -> bytes:
    """What a provider said, with `***` where it quotes our key: as it is, or as JSON writes it. A key of a few characters is
    left: it would be found in any text."""
    value = key.reveal() if key else ""
    if len(value) < _LEAST:
        return text
    for form in {value, dumps(value)[1:-1], dumps(value)[1:-1].replace("/", "\\/")}:
        text = text.replace(form.encode(), b"***")
    return text


def quoting_no_key(fault: Fault, key: Secret | None) -> Fault:
    """The same fault; its detail, which may be a provider's words cut short, holds neither our key nor the key's beginning."""
    if fault.detail and key:
        detail, value = without_key(fault.detail.encode(errors="replace"), key).decode(), key.reveal()
        cut = next((many for many in range(len(value) - 1, _LEAST - 1, -1) if detail.endswith(value[:many])), 0)
        fault.detail = f"{detail[:-cut]}***" if cut else detail
    return fault


def credential_pairs(style: str, key: Secret | None) -> tuple[Pair, ...]:
    """The headers that carry this key; none without one. `style` is a word of STYLES."""
    form = STYLES[style]
    if form is None or not key:
        return ()
    name, before = form
    return ((name, before + key.reveal().encode()),)
