"""What `match: "GET|POST /v1/models/{model}:generateContent"` means: methods, and a path of segments.

A segment is literal, or holds one `{name}` that stands for one character or more, never a slash; a last segment
`{rest...}` stands for all that remains, slashes and nothing included. Paths are compared raw, as they stand in the
request line (reliability.md, I9), so a pattern is written percent-encoded too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# CONNECT and TRACE are refused at the door (RFC 9110 section 9.3: the one tunnels, the other reflects credentials).
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

_URL = re.compile(r"https?://[^/?#\s]*", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_HOLE = re.compile(r"\{([^{}]*)\}")
# RFC 3986 section 3.3: pchar, without a check of the percent-encoding, which _BAD_PERCENT does.
_PLAIN = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@%]*", re.ASCII)
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


class BadMatch(ValueError):
    """What is wrong with a match, in a sentence; `hint` is the likely right form, or ""."""

    def __init__(self, says: str, hint: str = "") -> None:
        super().__init__(says)
        self.says = says
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Segment:
    """`name` is "" in a literal segment, whose text is `before`."""

    before: str
    name: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Pattern:
    """`rest` is the name of the last, open-ended part, or ""."""

    segments: tuple[Segment, ...]
    rest: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """What is captured, in order."""
        held = tuple(segment.name for segment in self.segments if segment.name)
        return (*held, self.rest) if self.rest else held

    @property
    def literal(self) -> bool:
        return not self.names


def read_match(text: str, usual: str = "POST") -> tuple[tuple[str, ...], str]:
    """(methods, path) of a match as written; `usual` is the method to propose where there is none. Raises BadMatch."""
    parts = text.split()
    if len(parts) == 1 and (text.startswith("/") or _URL.match(text)):
        raise BadMatch("a match begins with a method", f"write `{usual} {_unstarred(_path_of(text))}`")
    if len(parts) != 2 or text != " ".join(parts):
        raise BadMatch("a match is `METHOD /path` with one space between", "write for example `POST /v1/chat/completions`")
    methods = tuple(parts[0].split("|"))
    for method in methods:
        _check_method(method)
    if len(set(methods)) != len(methods):
        raise BadMatch(f"a method stands twice in `{parts[0]}`")
    read_path(parts[1])
    return methods, parts[1]


def _check_method(method: str) -> None:
    if method in METHODS:
        return
    if method.upper() in METHODS:
        raise BadMatch(f"methods are written in capitals, not `{method}`", f"write `{method.upper()}`")
    raise BadMatch(f"`{method}` is not a method that is served", f"the methods are {', '.join(METHODS)}; join several with `|`")


def read_path(path: str) -> Pattern:
    """The path of a match. Raises BadMatch."""
    if not path.startswith("/"):
        says = "a match holds a path, without scheme and host" if _URL.match(path) else "a path begins with `/`"
        raise BadMatch(says, f"write `{_unstarred(_path_of(path))}`")
    if "*" in path:
        raise BadMatch("`*` is not a wildcard in a path", f"write `{_unstarred(path)}`")
    written = path[1:].split("/")
    rest = _rest_of(written[-1])
    pattern = Pattern(tuple(_read_segment(text) for text in (written[:-1] if rest else written)), rest)
    if any(not segment.before and not segment.name for segment in pattern.segments[:-1]):
        raise BadMatch("an empty segment (`//`) matches no request", "take one slash away")
    twice = [name for name in pattern.names if pattern.names.count(name) > 1]
    if twice:
        raise BadMatch(f"`{{{twice[0]}}}` stands twice in one path", "give each part a name of its own")
    return pattern


def _path_of(text: str) -> str:
    """The path of a URL; of any other text, the path that it was meant to be."""
    found = _URL.match(text)
    path = text[found.end() :] if found else text
    return path if path.startswith("/") else f"/{path}"


def _unstarred(path: str) -> str:
    """`/a/*/b/*` as `/a/{name}/b/{rest...}`."""
    segments = path.split("/")
    last = "{rest...}" if re.fullmatch(r"\*+", segments[-1]) else re.sub(r"\*+", "{name}", segments[-1])
    return "/".join([*(re.sub(r"\*+", "{name}", segment) for segment in segments[:-1]), last])


def _rest_of(text: str) -> str:
    found = re.fullmatch(r"\{([^{}]*)\.\.\.\}", text)
    if not found:
        return ""
    _check_name(found[1])
    return found[1]


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise BadMatch(f"`{{{name}}}` is not a name", "a name is letters, digits and `_`: `{model}`")


def _read_segment(text: str) -> Segment:
    holes = _HOLE.findall(text)
    if len(holes) > 1:
        raise BadMatch(f"`{text}` holds more than one `{{name}}`", "one to a segment: put a `/` between them")
    before, _, after = text.partition("{" + holes[0] + "}") if holes else (text, "", "")
    _check_plain(before + after)
    if not holes:
        return Segment(text)
    if holes[0].endswith("..."):
        raise BadMatch(f"`{{{holes[0]}}}` stands for the remainder, so it must be the whole last segment")
    _check_name(holes[0])
    return Segment(before, holes[0], after)


def _check_plain(text: str) -> None:
    good = _PLAIN.match(text)
    end = good.end() if good else 0
    if end < len(text):
        raise BadMatch(f"`{text[end]}` cannot stand in a path", _hint_for(text[end]))
    if _BAD_PERCENT.search(text):
        raise BadMatch("`%` is followed by two hexadecimal digits in a path", "write `%25` for a percent sign")
    if text in (".", ".."):
        raise BadMatch(f"a `{text}` segment matches no request")


def _hint_for(char: str) -> str:
    if char in "{}":
        return "a part to be captured is written `{name}`"
    if char in "?#":
        return "the query takes no part in matching; leave it out"
    return "write it percent-encoded"
