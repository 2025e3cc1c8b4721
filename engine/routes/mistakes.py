"""Texts that are not YAML, in words of the likely mistake.

libyaml names the token that it did not expect. The person who wrote the line wants to hear which mistake leads there: a
tab, a missing space after a colon, an open quote. What cannot be traced to one says plainly what was expected.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.complaint import Complaint
from engine.routes.lost import TIGHT_COLON, colon_lost, dash_lost, quote_lost

if TYPE_CHECKING:
    from collections.abc import Callable

    import yaml

_TIGHT_DASH = re.compile(r"\s*-(?=[^\s-])")
_ODD_SPACE = re.compile("[\xa0\u1680\u2000-\u200d\u202f\u205f\u2060\u3000]")

_QUOTE_IT = "put the whole value in quotes"


@dataclass(slots=True)
class _Place:
    """Where libyaml stopped, and where the thing began that it was reading then. Lines and columns count from 0."""

    lines: list[str]
    line: int
    column: int
    began_line: int
    began_column: int

    @property
    def text(self) -> str:
        return self.lines[self.line] if self.line < len(self.lines) else ""

    @property
    def began_text(self) -> str:
        return self.lines[self.began_line] if self.began_line < len(self.lines) else ""

    @property
    def character(self) -> str:
        return self.text[self.column : self.column + 1]

    @property
    def before(self) -> str:
        return self.text[: self.column]

    def previous(self) -> int:
        """The nearest line above that says something; -1 when there is none."""
        for number in range(min(self.line, len(self.lines)) - 1, -1, -1):
            if self.lines[number].strip() and not self.lines[number].lstrip().startswith("#"):
                return number
        return -1


# line, column, length, sentence, hint
_Finding = tuple[int, int, int, str, str]


def explain(problem: yaml.YAMLError, lines: list[str], file: str) -> Complaint:
    """The complaint for what the YAML parser raised."""
    mark: Any = getattr(problem, "problem_mark", None)
    began: Any = getattr(problem, "context_mark", None) or mark
    unexpected = str(getattr(problem, "problem", None) or "")
    if mark is None:
        return Complaint(file, 1, 1, "R001", "", "this is not YAML")
    place = _Place(lines, mark.line, mark.column, began.line, began.column)
    line, column, length, says, hint = _trace(unexpected, str(getattr(problem, "context", None) or ""), place)
    if line >= len(lines) or (line == len(lines) - 1 and not lines[line] and line > 0):
        # The end of the file: point behind the last line that says something.
        place.line = line
        line = max(place.previous(), 0)
        column, length = len(lines[line].rstrip()), 1
    odd = _ODD_SPACE.search(lines[line])
    if odd:
        column, length = odd.start(), 1
        hint = f"here is U+{ord(odd[0]):04X}, which looks like a space; replace it by an ordinary space"
    return Complaint(file, line + 1, column + 1, "R001", "", says, hint, length)


def _trace(unexpected: str, context: str, place: _Place) -> _Finding:
    if "tab character" in unexpected or (
        unexpected == "found character that cannot start any token" and place.character == "\t"
    ):
        return _tab(place)
    if place.character == "{" and place.before.endswith("$"):
        return _bare_substitution(place)
    for start, finder in _FINDERS:
        if unexpected.startswith(start) or context.startswith(start):
            return finder(place)
    return place.line, place.column, 1, "this is not YAML", ""


def _tab(place: _Place) -> _Finding:
    column = max(place.text.find("\t"), 0)
    return place.line, column, 1, "a tab is used for indentation", "indent with spaces"


def _bare_substitution(place: _Place) -> _Finding:
    end = place.text.find("}", place.column)
    length = end - place.column + 2 if end > 0 else 2
    says = "inside `[...]` and `{...}` a `${...}` needs quotes"
    return place.line, place.column - 1, length, says, 'write `"${NAME}"`'


def _quote(place: _Place) -> _Finding:
    return place.began_line, place.began_column, 1, "the quote that opens here is never closed", ""


def _escape(place: _Place) -> _Finding:
    says = "a backslash in double quotes begins an escape, and this is not one"
    return place.line, max(place.text.rfind("\\", 0, place.column + 1), 0), 2, says, r"write `\\`, or use single quotes"


def _second_colon(place: _Place) -> _Finding:
    """A `: ` where none may stand."""
    lost = colon_lost(place.text)
    if lost and lost[1] < place.column:
        return place.line, lost[1], 1, "a `:` is missing here, behind the word", "write `word: {...}`"
    if re.search(r":\s", place.before):
        return place.line, place.column, 1, "a second `: ` stands on this line", _QUOTE_IT
    above = place.previous()
    if above >= 0:
        finding = _tight(place.lines[above], above)
        if finding:
            return finding
        indent = len(place.lines[above]) - len(place.lines[above].lstrip())
        own = len(place.text) - len(place.text.lstrip())
        if own == indent and ":" not in place.lines[above]:
            return above, indent, len(place.lines[above].strip()), "this line has no colon", "is it `key: value`?"
        says = f"this line is indented deeper than line {above + 1}, which already has its value"
        return place.line, own, max(place.column - own, 1), says, f"indent it by {indent}, or remove the value above"
    return place.line, place.column, 1, "a `:` cannot stand here", _QUOTE_IT


def _tight(text: str, line: int) -> _Finding | None:
    """The space that is missing after a colon or a dash."""
    if colon := TIGHT_COLON.match(text):
        return line, colon.end() - 1, 1, "a space is missing after the colon", "write `key: value`"
    if dash := _TIGHT_DASH.match(text):
        return line, dash.end() - 1, 1, "a space is missing after the dash", "write `- item`"
    return None


def _no_colon(place: _Place) -> _Finding:
    if lost := _lost_dash(place, place.began_line):
        return lost
    text = place.began_text
    says = "this line has no colon"
    length = len(text[place.began_column :].rstrip())
    return _tight(text, place.began_line) or (place.began_line, place.began_column, length, says, "is it `key: value`?")


def _lost_dash(place: _Place, line: int) -> _Finding | None:
    braced = dash_lost(place.lines, line)
    if braced is None:
        return None
    column = len(place.lines[braced]) - len(place.lines[braced].lstrip())
    return braced, column, 1, "a `- ` is missing before this `{`", "the line beside it is an item of a list: write `- {...}`"


def _not_a_start(place: _Place) -> _Finding:
    says = f"a value cannot begin with `{place.character}`"
    return place.line, place.column, 1, says, _QUOTE_IT


def _star(place: _Place) -> _Finding:
    mark = place.began_text[place.began_column : place.began_column + 1]
    says = f"a bare `{mark}` begins a YAML {'alias' if mark == '*' else 'anchor'}, and no name follows"
    return place.began_line, place.began_column, 1, says, f'write `"{mark}"` in quotes'


def _dash(place: _Place) -> _Finding:
    return (
        place.line,
        place.column,
        1,
        "a list cannot begin behind `key:` on the same line",
        "begin it on the next line, or use `[...]`",
    )


def _block(place: _Place) -> _Finding:
    """A line that fits into nothing above it."""
    if lost := _lost_dash(place, place.line):
        return lost
    head = place.before.strip()
    if place.before.rstrip().endswith(('"', "'")):
        says = "something stands behind the closing quote"
        return place.line, place.column, 1, says, "is a quote missing on a line above, or one inside the value not doubled?"
    if head and head != "-":
        return place.line, place.column, 1, "this cannot stand here", _QUOTE_IT
    if place.character == ":":
        return place.line, place.column, 1, "a key is missing before this colon", ""
    own = len(place.text) - len(place.text.lstrip())
    length = max(len(place.text.strip()), 1)
    if own == place.began_column and "-" in (place.character, place.began_text[own : own + 1]):
        wanted, got = ("list item", "key") if place.began_text[own : own + 1] == "-" else ("key", "list item")
        return place.line, own, length, f"a {got} stands among {wanted}s", f"the {wanted}s begin at line {place.began_line + 1}"
    open_indents = _indents(place)
    if own in open_indents:
        return place.line, place.column, 1, "this cannot stand here", _QUOTE_IT
    above = " or ".join(str(indent) for indent in open_indents)
    return place.line, own, length, f"the indentation of {own} matches no line above", f"lines above are indented by {above}"


def _indents(place: _Place) -> list[int]:
    """The indentations that were still open above the line."""
    found: list[int] = []
    for text in reversed(place.lines[: place.line]):
        indent = len(text) - len(text.lstrip())
        if text.strip() and (not found or indent < found[-1]):
            found.append(indent)
        if found and not found[-1]:
            break
    return found[::-1]


def _flow(place: _Place) -> _Finding:
    """Inside brackets or braces something is not followed by a comma or the end."""
    opening = place.began_text[place.began_column : place.began_column + 1]
    closing = {"[": "]", "{": "}"}.get(opening, "")
    if place.character in ("]", "}"):
        says = f"`{opening}` is closed by `{place.character}`"
        return place.line, place.column, 1, says, f"it opens at line {place.began_line + 1} and ends with `{closing}`"
    if place.line > place.began_line:
        says = f"the `{opening}` that opens here is not closed"
        odd = quote_lost(place.lines, place.began_line, place.line - 1)
        if odd is not None:
            hint = f"line {odd + 1} has an odd number of quotes: is one missing?"
            return place.began_line, place.began_column, 1, says, hint
        until = f"line {place.line + 1}" if place.text.strip() else "the end of the file"
        return place.began_line, place.began_column, 1, says, f"a `{closing}` or a comma is missing before {until}"
    return place.line, place.column, 1, f"a comma or `{closing}` is missing before this", ""


def _no_content(place: _Place) -> _Finding:
    if not place.character:
        return place.line, place.column, 1, "the file ends where a value was expected", "is a bracket left open?"
    if place.character == ":":
        return place.line, place.column, 1, "a key is missing before this colon", ""
    extra = "one comma too many?" if place.character == "," else ""
    return place.line, place.column, 1, f"a value was expected before this `{place.character}`", extra


def _block_scalar(place: _Place) -> _Finding:
    return place.line, place.column, 1, "nothing may follow `|` or `>` on its line", "the text begins on the next line"


def _tag(place: _Place) -> _Finding:
    return place.began_line, place.began_column, 1, "a value cannot begin with `!`", _QUOTE_IT


def _root(place: _Place) -> _Finding:
    return place.line, place.column, 1, "nothing can follow here", "the table is one mapping: `key: value` lines from column 1"


_FINDERS: tuple[tuple[str, Callable[[_Place], _Finding]], ...] = (
    ("found unexpected end of stream", _quote),
    ("found unexpected document indicator", _quote),
    ("while parsing a quoted scalar", _escape),
    ("mapping values are not allowed", _second_colon),
    ("could not find expected ':'", _no_colon),
    ("found character that cannot start any token", _not_a_start),
    ("mapping keys are not allowed", _not_a_start),
    ("while scanning an alias", _star),
    ("while scanning an anchor", _star),
    ("block sequence entries are not allowed", _dash),
    ("did not find expected key", _block),
    ("did not find expected '-' indicator", _block),
    ("while parsing a flow sequence", _flow),
    ("while parsing a flow mapping", _flow),
    ("did not find expected node content", _no_content),
    ("while scanning a block scalar", _block_scalar),
    ("while scanning a tag", _tag),
    ("while parsing a tag", _tag),
    ("found undefined tag handle", _tag),
    ("did not find expected <document start>", _root),
)
