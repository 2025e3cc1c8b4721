"""The text before any YAML: its lines, and the characters that it may hold."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from engine.complaint import Complaint

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = 1 << 20
_MAX_ILLEGAL = 20

# YAML 1.2 section 5.1, less the line ends that only YAML 1.1 knew (U+0085, U+2028, U+2029), byte order marks, and the marks
# that turn the direction of writing: with those, the text is not what it looks like.
_ILLEGAL = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]",
)
_BREAK = re.compile(r"\r\n|\r|\n")
_DIRECTIVE = re.compile(r"^%.*", re.MULTILINE)


def split_lines(text: str) -> list[str]:
    """The lines as YAML counts them: LF, CRLF or CR alone ends one."""
    return _BREAK.split(text)


def unfit(text: str, file: str) -> Iterator[Complaint]:
    """What is wrong before any parsing: size, characters, directives."""
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        yield Complaint(file, 1, 1, "R008", "", f"the file is longer than {MAX_BYTES >> 20} MiB")
        return
    for count, found in enumerate(_ILLEGAL.finditer(text)):
        if count == _MAX_ILLEGAL:
            return
        yield _misplaced(text, found, file, "R009", *_about_character(ord(found[0])))
    # Refused here since libyaml compares each directive with every other one: many of them would take it minutes.
    found_directive = _DIRECTIVE.search(text)
    if found_directive:
        yield _misplaced(text, found_directive, file, "R006", "YAML directives are not used here", "remove this line")


def _misplaced(text: str, found: re.Match[str], file: str, code: str, says: str, hint: str) -> Complaint:
    before = split_lines(text[: found.start()])
    return Complaint(file, len(before), len(before[-1]) + 1, code, "", says, hint, max(len(found[0]), 1))


def _about_character(point: int) -> tuple[str, str]:
    name = f"U+{point:04X}"
    if 0xD800 <= point <= 0xDFFF:
        return f"broken Unicode ({name}) stands here", "save the file as UTF-8"
    if point == 0:
        return "a NUL character stands here", "is this a text file in UTF-8?"
    if point in (0x85, 0x2028, 0x2029):
        return f"the line end {name} is not one of YAML's", "use an ordinary line end, or the escape in double quotes"
    if point < 0x20 or point == 0x7F or 0x80 <= point < 0xA0:
        return f"the control character {name} stands here", "remove it, or write its escape in double quotes"
    return f"the invisible or unassigned character {name} stands here", "remove it, or write its escape in double quotes"
