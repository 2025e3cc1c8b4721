"""Opaque reasoning state on its way through a client that speaks another format than its issuer.

A provider wants its own signatures back, byte for byte, and refuses foreign ones. In a client's field of another format a seal
travels in an envelope, `gw1.ISSUER.BASE64URL`, that names the issuer; on the way up it is opened again, and only its issuer
gets it.
"""

from __future__ import annotations

import base64
import binascii
import re

from engine.chat import Seal, Thinking

_MARK = "gw1."
_GEMINI = "gemini_generate"  # whose field holds base64, so that an envelope is base64 once more
_BEHIND_ID = "~" + _MARK
_CHAT = "openai_chat"
_envelope = re.compile(rb"gw1\.(?:openai|anthropic|gemini)_").search
_REDACTED = "+"  # behind the issuer's name: all of the thought is in the seal, which some issuers say in another field


def carry(seal: Seal, into: str, *, redacted: bool = False) -> str:
    """What stands for `seal` in a signature's field of the format `into`. `redacted` as in Thinking, for formats that have no
    field of their own for such thoughts."""
    if seal.issuer == into:
        return seal.value
    envelope = f"{_MARK}{seal.issuer}{_REDACTED if redacted else ''}.{_encode(seal.value.encode())}"
    return base64.b64encode(envelope.encode()).decode() if into == _GEMINI else envelope


def opened(value: str, format: str) -> Seal:
    """The seal that stands in a signature's field of `format`: what an envelope holds, or the format's own."""
    text = _decode_outer(value) if format == _GEMINI else value
    if text.startswith(_MARK):
        issuer, _, held = text[len(_MARK) :].partition(".")
        content = _decode(held)
        if issuer and content:
            return Seal(issuer.rstrip(_REDACTED), content)
    return Seal(format, value)


def opened_thought(said: str, value: str, format: str) -> Thinking:
    """The thought whose signature's field of `format` holds `value`, "" for none."""
    if not value:
        return Thinking(said)
    text = _decode_outer(value) if format == _GEMINI else value
    marked = text.startswith(_MARK) and text[len(_MARK) :].partition(".")[0].endswith(_REDACTED)
    return Thinking(said, opened(value, format), redacted=marked)


def holds_envelope(body: bytes, format: str) -> bool:
    """Does a request in `format` bring seals of other formats back? Its own provider would refuse them."""
    if format == _GEMINI:
        return b'"Z3cxL' in body  # base64 of what an envelope begins with
    if format == _CHAT and body.find(b"~") < 0:
        return False  # there they stand behind ids only, and one byte is found ten times as fast
    return _envelope(body) is not None


def id_with(id: str, seal: Seal | None) -> str:
    """A call's id with its seal behind it, for formats that have no field for one (OpenAI Chat)."""
    return id if seal is None else f"{id}{_BEHIND_ID}{seal.issuer}.{_encode(seal.value.encode())}"


def id_without(id: str) -> tuple[str, Seal | None]:
    """(the id, the seal behind it or None)."""
    bare, mark, rest = id.partition(_BEHIND_ID)
    if not mark:
        return id, None
    seal = opened(_MARK + rest, "")
    return (bare, seal) if seal.issuer else (id, None)


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decode(text: str) -> str | None:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        return None


def _decode_outer(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
