"""One character lost, and what it was: a space, a colon, a dash, a quote; read off the lines as they are written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

TIGHT_COLON = re.compile(r"""\s*(?:-\s+)*["']?[\w.-]+["']?:(?=[^\s/])""")
# Only what looks like one of the table's own words is repeated: anything else may be a credential.
_WORD = re.compile(r"([a-z][a-z_]{1,15}):(?=[^\s/])")
_COLON_LOST = re.compile(r"\s*(?:-\s+)*(?P<word>[A-Za-z_][\w.-]*)(?P<gap>\s+)(?=[{\[])", re.ASCII)


def lacks_space(text: str) -> bool:
    """Whether a bare scalar is probably a `key: value` whose space was forgotten (`listen:8080`); URLs are not."""
    return TIGHT_COLON.match(text) is not None


def space_hint(text: str) -> str:
    """What to say of a text like `kind:ollama` where a mapping is due; "" when it is not like that."""
    if not lacks_space(text):
        return ""
    word = _WORD.match(text)
    return f"a space is missing after `{word[1]}:`" if word else "a space is missing after the colon"


def swallowed(keys: Iterable[str], known: Iterable[str]) -> dict[str, str]:
    """Of a mapping's keys those that swallowed their value (`{kind:ollama}`): the key as written, and the one meant."""
    words = set(known)
    return {key: word for key in keys for word, colon, value in (key.partition(":"),) if colon and value and word in words}


def colon_lost(text: str) -> tuple[str, int] | None:
    """(word, column from 0) where a line looks like `word   {...}`: its colon is missing at that column."""
    found = _COLON_LOST.match(text)
    return (found["word"], found.start("gap")) if found else None


def dash_lost(lines: Sequence[str], line: int) -> int | None:
    """The line, from 0, whose `- ` is missing: it begins with `{` and a line beside it with `- `. `line` is where the
    parser gave up: at the one or at the other."""
    for braced, other in ((line, line - 1), (line, line + 1), (line - 1, line)):
        if _starts(lines, braced, "{") and _starts(lines, other, "- "):
            return braced
    return None


def _starts(lines: Sequence[str], line: int, mark: str) -> bool:
    return 0 <= line < len(lines) and lines[line].lstrip().startswith(mark)


def quote_lost(lines: Sequence[str], first: int, last: int) -> int | None:
    """The first line from `first` to `last`, from 0, with an odd number of quotes. Apostrophes within words are none."""
    for number in range(first, min(last + 1, len(lines))):
        bare = re.sub(r"(?<=\w)'(?=\w)|\\.|\s#.*", "", lines[number])
        if bare.count('"') % 2 or ('"' not in bare and bare.count("'") % 2):
            return number
    return None
