"""Which characters of a table's source must not be shown: literal credentials.

The source is read here line by line and without a YAML parser, since it is shown just when it is not YAML. Where this is
in doubt it hides too much.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from engine.routes.nearness import slips

if TYPE_CHECKING:
    from collections.abc import Iterable

Span = tuple[int, int]  # from, to (exclusive), counted from 0

_FIELD = re.compile(r"(?<![\w.-])([\w.-]+)[^\w\s]{0,2}\s*[:=]")
# The colon forgotten: `key sk-...`.
_WORD_FIRST = re.compile(r"\s*(?:-\s+)*([\w.-]+)\s+(?=[^\s:=])")
_SECRET_NAME = re.compile(
    r"(?:^|[_.-]|(?<=[a-z])(?=[A-Z]))(?i:api_?keys?|keys?|tokens?|secrets?|password|passwd|authorization|named)$"
)
# Counts and limits of tokens are no secrets.
_PLAIN_NAME = re.compile(r"(?i:(?:max|min|total|prompt|completion|input|output)[\w.-]*tokens)$")
_SHAPE = re.compile(
    r"""(?<![\w-])(?:sk|pk|rk|gsk|xai|ghp|github_pat|glpat|hf|csk)[-_][\w-]{12,}|(?<![\w-])(?:AIza|AKIA)[\w-]{12,}"""
    r"""|(?i:(?<=bearer\ ))[^\s"',\]}]{8,}|(?<=://)[^/\s@"']+(?=@)"""
)
_REFERENCE = re.compile(r"\$\{(?:[A-Z_][A-Z0-9_]*(?::-)?|file:[^}\s\"']*|[A-Za-z_][A-Za-z0-9_]*:-(?=\})|[A-Za-z_]\w*(?=\}))\}?")
_SECRET_WORDS = ("key", "keys", "token", "secret", "apikey", "apikeys", "password")
_ALSO = ("headers", "proxy", "credential")
# A name of a variable without its braces is the mistake itself.
_NO_SECRET = re.compile(r"\$[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|%[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+%|~|null|\*[\w-]+|[|>][-+0-9]*|-+")
# A stage that takes nothing but a mapping with credentials in it: `auth: s3cret` forgets the rest.
_LONE = re.compile(r"(?<![\w.-])(auth)[\"']?\s*[:=](?=\s+[^\s{&*#])")
# Alone on its line and by its looks no word of a table: a credential that fell out of its place.
_ALONE = re.compile(r"\s*(?=[\w.+/=-]*[0-9A-Z])\w[\w.+/=-]{6,200}\s*")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*(?P<d>"?)' + r"|'(?:[^']|'')*(?P<s>'?)")
_ITEM = re.compile(r"(?:(?!\s\#|[,\]}](?:[\s,\]}]|$)).)+")
# Outside of brackets a comma ends a value only when a field comes next.
_PLAIN = re.compile(r"""(?:(?!\s\#|[\]}](?:[\s,\]}]|$)|,\s*$|,\s*["']?[\w.-]+["']?\s*:).)+""")
# `?key=...` of a URL, or a line of another file format.
_IN_QUERY = re.compile(r"""[^\s"'&,\]}\[{]+""")
# A slip of the finger in front of the value.
_STRAY = re.compile(r"""\s*[,\]}](?!\s*["']?[\w.-]+["']?\s*:)(?=\s*["'\w\[{])""")
_FIELD_FIRST = re.compile(r"""\s*(?:-\s+)*["']?[\w.-]+["']?\s*:""")
_DASHES = re.compile(r"\s*(?:-\s+)*")


@dataclass(slots=True)
class _Open:
    """What goes on from a line to the next: brackets, a quote, a block under a field at this indentation (-1: none)."""

    depth: int = 0
    quote: str = ""
    indent: int = -1


def secret_spans(lines: list[str]) -> list[list[Span]]:
    """For each line what to hide of it, in order and without overlap."""
    state = _Open()
    return [merged(_line(line, state) + [found.span() for found in _SHAPE.finditer(line)]) if line else [] for line in lines]


def _line(line: str, state: _Open) -> list[Span]:
    spans: list[Span] = []
    at = 0
    if _ALONE.fullmatch(line):
        spans += hide(line, 0, len(line))
    if state.quote or state.depth or _in_block(line, state):
        at = _rest(line, state, spans)
    first = _WORD_FIRST.match(line, at)
    if first and _is_secret(first[1]):
        at = _field(line, first, state, spans)
    while at < len(line) and (field := _FIELD.search(line, at)):
        secret = _is_secret(field[1]) or _LONE.match(line, field.start())
        at = _field(line, field, state, spans) if secret else field.end()
    return spans


def stand_for_secrets(steps: Iterable[str]) -> bool:
    """Whether what stands under these keys may hold a credential, however wrong it is."""
    return any(_is_secret(step) or step in _ALSO for step in steps)


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    """Whether a field of this name holds a credential; a slip in the name does not show it."""
    if _PLAIN_NAME.search(name):
        return False
    pieces = {re.sub(r"[_.-]", "", name.lower()), re.split(r"[_.-]", name.lower())[-1]}
    near = any(slips(piece, word, 2) < 2 for piece in pieces if 2 < len(piece) < 12 for word in _SECRET_WORDS)
    return near or _SECRET_NAME.search(name) is not None


def _field(line: str, field: re.Match[str], state: _Open, spans: list[Span]) -> int:
    """Hides the value of a field; gives the place behind it."""
    rest = line[field.end() :].strip()
    prefix = _DASHES.match(line)
    # With nothing behind it, the value stands on the lines below, deeper than this line.
    state.indent = field.start(1) if rest or not prefix else prefix.end()
    if rest.startswith("#"):
        spans.append((field.end() + _leading(line[field.end() :]), len(line)))
        return len(line)
    if field[0].endswith("=") and (asked := _IN_QUERY.match(line, field.end())):
        # Three characters are no credential; hiding them would only hide the mistake.
        spans += [asked.span()] if len(asked[0]) > 3 else []
        return asked.end()
    stray = _STRAY.match(line, field.end())
    return _value(line, stray.end() if stray else field.end(), state, spans)


def _in_block(line: str, state: _Open) -> bool:
    """Whether the line belongs to the value of a field above it, by its indentation (YAML 1.2 section 8.2)."""
    if state.indent < 0 or not line.strip():
        return False
    indent = len(line) - len(line.lstrip())
    if indent > state.indent or (indent == state.indent and line.lstrip()[:1] == "-"):
        return True
    if _FIELD_FIRST.match(line) or line.lstrip()[:1] in "-#":
        state.indent = -1
        return False
    return True  # this fits nowhere; it may be a credential out of place


def _rest(line: str, state: _Open, spans: list[Span]) -> int:
    """A line that begins inside a secret value. Where only indentation says so, all of it is hidden, comments too: in a
    block scalar, `#` is text."""
    at = 0
    if state.quote:
        end = line.find(state.quote)
        spans += hide(line, 0, end if end >= 0 else len(line))
        if end < 0:
            return len(line)
        state.quote = ""
        at = end + 1
    if state.depth:
        return _value(line, at, state, spans)
    if at:
        return _behind_quote(line, at, spans)
    prefix = _DASHES.match(line)
    at = prefix.end() if prefix else 0
    if line[at : at + 1] in ("'", '"', "[", "{"):
        at = _value(line, at, state, spans)
    spans += hide(line, at, len(line))
    return len(line)


def _value(line: str, at: int, state: _Open, spans: list[Span]) -> int:
    """Hides the value that begins at `at`, over its brackets; gives the place behind it."""
    while at < len(line):
        character = line[at]
        if character in "[{":
            state.depth += 1
        elif character in "]}":
            state.depth -= 1
            if state.depth <= 0:
                state.depth = 0
                return at + 1
        elif character == "," and not state.depth:
            return at
        elif character in "\"'":
            at = _quoted(line, at, state, spans)
            if not state.depth:
                return _behind_quote(line, at, spans)
            continue
        elif character == "#" and line[at - 1 : at] in ("", " ", "\t"):
            return len(line)
        elif not character.isspace() and character != ",":
            found = (_ITEM if state.depth else _PLAIN).match(line, at)
            end = found.end() if found else at + 1
            spans += hide(line, at, end)
            if not state.depth:
                return end
            at = end
            continue
        at += 1
    return at


def _quoted(line: str, at: int, state: _Open, spans: list[Span]) -> int:
    found = _QUOTED.match(line, at)
    if not found:
        return at + 1
    closed = found["d"] or found["s"]
    if not closed:
        state.quote = line[at]
    spans += hide(line, at + 1, found.end() - len(closed or ""))
    return found.end()


def _behind_quote(line: str, at: int, spans: list[Span]) -> int:
    """A credential with a quote inside goes on behind what looks like its closing quote."""
    found = None if line[at : at + 1] == "," else _PLAIN.match(line, at)
    if not found:
        return at
    spans += hide(line, at, found.end())
    return found.end()


def hide(line: str, start: int, end: int) -> list[Span]:
    """All of a piece of a line but its references to variables and files."""
    if _NO_SECRET.fullmatch(line[start:end].strip()):
        return []
    spans: list[Span] = []
    at = start
    for found in _REFERENCE.finditer(line, start, end):
        spans.append((at, found.start()))
        at = found.end()
    spans.append((at, end))
    # The brace that ends a default is left to be seen.
    return [(a + _leading(line[a:b]), a + len(line[a:b].rstrip("} \t"))) for a, b in spans if line[a:b].strip("} \t")]


def _leading(text: str) -> int:
    return len(text) - len(text.lstrip())


def merged(spans: list[Span]) -> list[Span]:
    """In order and without overlap."""
    out: list[Span] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out
