"""The `.env` file: `KEY=VALUE` lines. Its values are secrets; no complaint repeats any part of a line but a key."""

from __future__ import annotations

import re

from engine.complaint import Complaint
from engine.routes.raw import MAX_BYTES, split_lines

MAX_COMPLAINTS = 50

_LINE = re.compile(r"(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*(.*)", re.DOTALL)
_SINGLE = re.compile(r"'([^']*)'[ \t]*(?:#.*)?", re.DOTALL)
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"[ \t]*(?:#.*)?', re.DOTALL)
_COMMENT = re.compile(r"(?:^|[ \t])#.*", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$"}
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def read_dotenv(text: str, file: str = ".env") -> tuple[dict[str, str], list[Complaint]]:
    """The variables, and what is wrong with the lines that give none. Nothing is raised.

    `export ` may stand before a key. Bare values end at ` #`; single quotes keep everything, double quotes know `\\n`, `\\r`,
    `\\t`, `\\"`, `\\\\` and `\\$`; nothing is substituted inside values. A key given twice has its last value.
    """
    variables: dict[str, str] = {}
    complaints: list[Complaint] = []
    if len(text) > MAX_BYTES:
        return {}, [Complaint(file, 1, 1, "R008", "", f"the file is longer than {MAX_BYTES >> 20} MiB")]
    for number, line in enumerate(split_lines(text.removeprefix("\ufeff")), 1):
        content = line.strip()
        if not content or content.startswith("#"):
            continue
        try:
            key, value = _read_line(content)
        except ValueError as bad:
            complaints.append(_complaint(file, number, line, *bad.args))
            if len(complaints) == MAX_COMPLAINTS:
                break
        else:
            variables[key] = value
    return variables, complaints


def _complaint(file: str, number: int, line: str, says: str, hint: str, where: str = "") -> Complaint:
    column = len(line) - len(line.lstrip()) + 1
    return Complaint(file, number, column, "R013", where, says, hint, max(len(line.strip()), 1))


def _read_line(content: str) -> tuple[str, str]:
    """Raises ValueError(sentence, hint) or ValueError(sentence, hint, key)."""
    found = _LINE.fullmatch(content)
    if not found:
        raise ValueError("this line is not `KEY=VALUE`", _likely(content))
    key, value = found[1], found[2]
    if _CONTROL.search(value):
        raise ValueError(f"the value of `{key}` holds a control character or broken Unicode", "", key)
    if value[:1] not in ("'", '"'):
        return key, _COMMENT.sub("", value).rstrip()
    inside = (_SINGLE if value[0] == "'" else _DOUBLE).fullmatch(value)
    if not inside:
        if value.find(value[0], 1) > 0:
            raise ValueError(f"text stands behind the quoted value of `{key}`", "one pair of quotes goes around all of it", key)
        hint = r"write a line end as `\n` in double quotes"
        raise ValueError(f"the value of `{key}` opens a quote that does not close on this line", hint, key)
    if value[0] == "'":
        return key, inside[1]
    return key, _ESCAPE.sub(lambda escape: _ESCAPES.get(escape[1], escape[0]), inside[1])


def _likely(content: str) -> str:
    head, equals, _ = content.partition("=")
    if not equals and re.match(r"[A-Za-z_]\w*:", content):
        return "a `:` is no `=`"
    if not equals:
        return "a value of several lines goes into double quotes, with `\\n`"
    if head.startswith("export"):
        return "write `export KEY=VALUE`"
    return "a key has letters, digits and `_`, and no digit first"
