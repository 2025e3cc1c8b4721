"""Header fields on raw bytes, stricter than RFC 9112 section 5 asks: what every parser in a chain reads alike."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.web import Pair

# CRLF only, so no byte below 0x20 but HTAB is left in a value: no bare CR, no bare LF, no NUL; a line that begins with
# white space (obs-fold) has no name.
_VALUE = rb":([\t -~\x80-\xff]*)"
# `_` is read as `-` by CGI's descendants; `%` only ever hopes for somebody who decodes it.
_REQUEST_FIELD = re.compile(rb"([!#$&'*+\-.^`|~0-9A-Za-z]+)" + _VALUE)
_RESPONSE_FIELD = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+)" + _VALUE)

_PORT = rb"[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]"

CONTENT_LENGTH = re.compile(rb"0|[1-9][0-9]{0,11}")
HOST = re.compile(  # RFC 3986 section 3.2.2: reg-name (IPv4 is one by its letters) or IPv6; a port that exists
    rb"(?:(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+|\[([0-9A-Fa-f:.]{2,45})\])(?::(?:" + _PORT + rb"))?"
)

# A second one, or one that a hop is asked to drop, would mean different things to different readers.
SINGLE = (b"content-length", b"transfer-encoding", b"host", b"authorization", b"content-type", b"x-api-key")


def read_request_field(line: bytes) -> Pair | None:
    """(lower-case name, value without the white space around it), or None when the line is not valid."""
    match = _REQUEST_FIELD.fullmatch(line)
    return (match[1].lower(), match[2].strip(b" \t")) if match else None


def read_response_field(line: bytes) -> Pair | None:
    """As `read_request_field`; `_` and `%` in a name are let pass, since providers' names are never sent on unchecked."""
    match = _RESPONSE_FIELD.fullmatch(line)
    return (match[1].lower(), match[2].strip(b" \t")) if match else None


def listed(values: list[bytes]) -> list[bytes]:
    """The lower-case members of a comma-separated field (RFC 9110 section 5.6.1), empty ones left out."""
    members = (member.strip(b" \t").lower() for value in values for member in value.split(b","))
    return [member for member in members if member]
