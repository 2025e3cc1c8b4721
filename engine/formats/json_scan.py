"""Hot: guarded by bench/micro/json_scan.py. Where a top-level member of a JSON object stands, in bytes.

A body is never written anew: a provider gets the client's bytes but for the one value that the table replaces. All
functions take a body that orjson has accepted as an object (so it is valid UTF-8 and RFC 8259 JSON) and a key of ASCII
lower-case letters. The common path looks for the key's bytes; only where they do not settle the matter is the body walked.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SHORT = 64 * 1024  # bytes of a body of whose members all may be noted: the notes can take many times their room
STRIDE = 4 * 1024  # bytes of a longer body that are searched at once, from a place where something may begin
_LONGEST = 64  # bytes of what is searched for, at most

# A string in full, or a bracket. Strings are eaten whole, so brackets within them are never seen.
_token = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]]', re.DOTALL)
_string = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_colon = re.compile(rb"[ \t\n\r]*:[ \t\n\r]*")
_scalar = re.compile(rb"[-0-9tfn][^,}\] \t\n\r]*")
_escaped_letter = re.compile(rb"\\u00[67]")


def repeated(body: bytes, keys: tuple[str, ...]) -> str:
    """The first of `keys` that the top level holds more than once, in whatever spelling, or "". Parsers differ on which one
    counts."""
    if not _has_escaped_letters(body):
        seen = _any_of(keys).findall(body) if len(body) <= SHORT else _first_few(keys, body)
        if len(seen) < 2 or len(seen) == len(set(seen)):
            return ""
    return next((key for key in keys if sum(member == key for member, _, _ in members(body)) > 1), "")


def replace_member(body: bytes, document: Mapping[str, Any], key: str, value: str) -> bytes:
    """The body with the value of a top-level key replaced, every other byte as it was. `document` is the body, parsed. A
    missing key becomes the first member; of a repeated key the first is replaced."""
    if key in document:
        start, end = _span_of(body, key)
        return b"".join((body[:start], orjson.dumps(value), body[end:]))
    at = body.index(b"{") + 1
    comma = b"," if document else b""
    return b"".join((body[:at], _quoted(key), b":", orjson.dumps(value), comma, body[at:]))


def _span_of(body: bytes, key: str) -> tuple[int, int]:
    """Start and end of the value of a key that is known to be there."""
    quoted = _quoted(key)
    if not _is_doubtful(body, key):
        # It is there, it is spelled plainly, and these bytes occur once: this is it.
        colon = _colon.match(body, body.index(quoted) + len(quoted))
        value = colon and _string.match(body, colon.end())
        if value:
            return value.span()
    return next((start, end) for member, start, end in members(body) if member == key)


def members(body: bytes) -> Iterator[tuple[str, int, int]]:
    """(key, start of its value, end of its value) for each top-level member, in order."""
    depth = 0
    key, start = "", 0
    for token in _token.finditer(body):
        first = body[token.start()]
        if first == 0x22:
            if depth != 1:
                continue
            colon = _colon.match(body, token.end())
            if colon is None:
                yield key, start, token.end()
                continue
            key, start = orjson.loads(token.group()), colon.end()
            scalar = _scalar.match(body, start)
            if scalar is not None:
                yield key, start, scalar.end()
        elif first in b"{[":
            depth += 1
        else:
            depth -= 1
            if depth == 1:
                yield key, start, token.end()


def _is_doubtful(body: bytes, key: str) -> bool:
    """May the top level hold this key twice, or in another spelling than its own? A lower-case ASCII letter can be written
    as an escape only by \\u006x and \\u007x."""
    if len(body) > SHORT:
        return len(_first_few((key,), body)) > 1 or _has_escaped_letters(body)
    quoted = _quoted(key)
    first = body.find(quoted)
    return (first >= 0 and body.find(quoted, first + 1) >= 0) or _has_escaped_letters(body)


def _has_escaped_letters(body: bytes) -> bool:
    # Few bodies hold a backslash at all, and one byte is found faster than five.
    if b"\\" not in body:
        return False
    if len(body) > SHORT:
        return any(_search(_escaped_letter, body, b"\\"))
    return b"\\u006" in body or b"\\u007" in body


def _first_few(keys: tuple[str, ...], body: bytes) -> list[bytes]:
    """No more places than settle that one key stands there twice."""
    return [match.group() for match in islice(_search(_any_of(keys), body, b'"'), len(keys) + 1)]


def _search(pattern: re.Pattern[bytes], body: bytes, first: bytes) -> Iterator[re.Match[bytes]]:
    """`pattern.finditer(body)` for a pattern of a few bytes that begins with the byte `first`, from one such byte to the next:
    what lies between them, such as an image, is passed over twenty times as fast."""
    at, find, search = 0, body.find, pattern.search
    while (at := find(first, at)) >= 0:
        match = search(body, at, at + STRIDE)
        if match is None:
            at += STRIDE - _LONGEST  # what is cut off there begins after this
        else:
            yield match
            at = match.end()


@cache
def _any_of(keys: tuple[str, ...]) -> re.Pattern[bytes]:
    """That it begins with one certain byte lets the search jump from one such byte to the next: much faster than looking for
    each key's seven."""
    return re.compile(b'"(?:%b)"' % "|".join(keys).encode())


@cache
def _quoted(key: str) -> bytes:
    return b'"%b"' % key.encode()
