"""JSON documents that stand back to back in one text: where one ends and the next begins.

Some models write the arguments of several tool calls into one. Only texts that are nothing but whole, valid objects and arrays
are parted; whatever else a text is, it stays as it is.
"""

from __future__ import annotations

import json
import re

_decode = json.JSONDecoder().raw_decode
_blank = re.compile(r"[ \t\n\r]*")
# A bracket or a quote, or a backslash with what it escapes.
_mark = re.compile(r'[{}\[\]"]|\\.?', re.DOTALL)


def split(text: str) -> list[str]:
    """The documents of a text that holds several, else the text alone."""
    documents, at = [], _skip(text, 0)
    while at < len(text):
        if text[at] not in "{[":
            return [text]
        try:
            _, end = _decode(text, at)
        except (ValueError, RecursionError):
            return [text]
        documents.append(text[at:end])
        at = _skip(text, end)
    return documents if len(documents) > 1 else [text]


def _skip(text: str, at: int) -> int:
    blank = _blank.match(text, at)
    return blank.end() if blank else at


class Documents:
    """The same for a text that is still arriving. After the first thing that is no document nothing more is parted."""

    __slots__ = ("_depth", "_escaped", "_held", "_number", "_over", "_quoted", "_whole")

    def __init__(self) -> None:
        self._number = 0
        self._depth = 0
        self._quoted = False
        self._escaped = False  # the last piece ended in a backslash
        self._held: list[str] = []  # of the document that is arriving
        self._whole = False  # the document has ended, and is valid
        self._over = False

    def feed(self, text: str) -> list[tuple[int, str]]:
        """(number of the document, more of it), in order; they count from 0. What is blank belongs to the one before."""
        out: list[tuple[int, str]] = []
        start = at = 0
        while at < len(text) and not self._over:
            if not self._depth:
                at = _skip(text, at)
                if at == len(text):
                    break
                self._over = text[at] not in "{["
                if self._whole and not self._over:
                    out += [(self._number, text[start:at])] if at > start else []
                    self._number, self._whole, start = self._number + 1, False, at
            if not self._over:
                at = self._scan(text, at)
        if start < len(text):
            out.append((self._number, text[start:]))
        return out

    def _scan(self, text: str, begin: int) -> int:
        """Goes on in a document from `begin`: where it ends, or the end of the text."""
        at, self._escaped = begin + self._escaped, False
        for mark in _mark.finditer(text, at):
            sign = mark[0]
            if sign[0] == "\\":
                self._escaped = len(sign) == 1
            elif sign == '"':
                self._quoted = not self._quoted
            elif not self._quoted:
                self._depth += 1 if sign in "{[" else -1
                if not self._depth:
                    self._end("".join((*self._held, text[begin : mark.end()])))
                    return mark.end()
        self._held.append(text[begin:])
        return len(text)

    def _end(self, document: str) -> None:
        self._held.clear()
        try:
            json.loads(document)
        except (ValueError, RecursionError):
            self._over = True
        else:
            self._whole = True
