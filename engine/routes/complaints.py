"""The codes of complaints, and how complaints are shown: as text with carets, as JSON, as GitHub annotations.

Every complaint has a code that never changes its meaning: people search for it and suppress by it. A code is never
used again for something else. A warning uses the same codes as an error; only its severity differs.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from engine.complaint import Complaint
from engine.routes.excerpt import Excerpt, printable
from engine.routes.nearness import nearest as nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from engine.routes.node import Node

# code -> (title, meaning). New rows go to the end of their group.
CODES: dict[str, tuple[str, str]] = {
    # R00x: the text and its YAML
    "R001": ("not YAML", "The text cannot be read as YAML; nothing after this place was looked at."),
    "R002": ("duplicate key", "A mapping names the same key twice."),
    "R003": ("key is not text", "A key is a number, a boolean, empty or a structure; every key is text."),
    "R004": ("several documents", "The file holds more than one YAML document."),
    "R005": ("empty file", "The file holds nothing."),
    "R006": ("YAML feature not used", "Tags, merge keys and directives are not part of the route language."),
    "R007": ("bad alias", "A YAML alias refers to nothing, to itself, or there are too many of them."),
    "R008": ("too large", "The file is too long, too deep, or has too many values."),
    "R009": ("illegal character", "A control character, an invisible mark or broken Unicode stands in the file."),
    # R01x: substitution
    "R010": ("variable not set", "`${NAME}` names an environment variable that is not set and gives no default."),
    "R011": ("malformed substitution", "A `${` is not followed by a name and a `}`."),
    "R012": ("secret file unreadable", "`${file:/path}` names a file that cannot be read."),
    "R013": ("bad .env line", "A line of the .env file is not `KEY=VALUE`."),
    "R014": ("unfit substitution", "A substituted value is too long or holds a control character."),
    "R015": ("variable not in braces", "`$NAME` or `%NAME%` stands where a credential is due; only `${NAME}` is substituted."),
    # R02x: shape and schema
    "R020": ("unknown key", "The key is not an option here."),
    "R021": ("missing key", "A required key is absent."),
    "R022": ("wrong type", "The value is of another type than the option takes."),
    "R023": ("bad value", "The value is of the right type but not one that the option accepts."),
    "R024": ("bad unit", "A duration, size or rate lacks its unit or has a wrong one."),
    "R025": ("bad version", "The table's `version` is not one that this engine reads."),
    "R026": ("contradicting options", "Options that exclude or require each other are set."),
    # R03x: references and names
    "R030": ("unknown provider", "A name refers to a provider or pool that is not declared."),
    "R031": ("unknown pool member", "A pool's `of` names neither a provider nor a pool."),
    "R032": ("unknown model", "A name refers to a model that is not declared."),
    "R033": ("unknown pipeline", "A route refers to a pipeline that is not declared."),
    "R034": ("unknown stage", "A pipeline has a stage that does not exist."),
    "R035": ("unknown strategy", "A pool's strategy does not exist."),
    "R036": ("unknown format", "A wire format does not exist."),
    "R037": ("unknown provider kind", "A provider's kind is not in the catalogue."),
    "R038": ("cycle", "Declarations refer to each other in a circle."),
    "R039": ("duplicate name", "Two declarations have the same name."),
    # R04x: flow through a pipeline
    "R040": ("stage lacks its input", "A stage reads what no earlier stage has written."),
    "R041": ("call without auth", "A pipeline calls a provider, but nobody is asked for a key and the route is not public."),
    "R042": ("auth without a key", "`auth` has no key configured and the route is not public."),
    "R043": ("stage out of place", "A stage stands twice, or where it has no effect."),
    "R044": ("no answer", "No stage of the pipeline gives an answer."),
    "R045": ("stage misused", "A stage finds its own options wrong."),
    # R05x: routes
    "R050": ("bad match", "A route's `match` is not `METHOD /path`."),
    "R051": ("unreachable route", "An earlier route takes everything that this one would match."),
    "R052": ("speaks missing", "The route's stages need to know the client's wire format, and `speaks` is absent."),
    "R054": ("never used", "A pipeline, pool or model is declared and nothing refers to it."),
    # R06x: exposure and security
    "R060": ("open to the network", "Without a key, the table would answer callers from other machines."),
    "R061": ("provider unavailable", "The provider has no usable key; its models are listed as unavailable."),
    "R062": ("secret in the file", "A credential is written in the table itself, not substituted."),
    "R063": ("private address", "A provider points at a loopback or private address without `allow_private: true`."),
    "R064": ("unencrypted", "A credential would travel over plain HTTP."),
    "R065": ("key for another host", "The variable that usually holds one provider's key is used for another provider's host."),
    "R066": ("odd key", "A key does not look like the keys of its kind: too short, or with another beginning."),
}


def at(
    node: Node,
    file: str,
    code: str,
    says: str,
    hint: str = "",
    *,
    severity: str = "error",
    on_key: bool = False,
    hidden: bool = False,
) -> Complaint:
    """A complaint that points at a node's value or, with `on_key`, at its key."""
    if on_key and node.key_line:
        line, column, length = node.key_line, node.key_column, node.key_length
    else:
        line, column, length = node.line, node.column, node.length
    # A key that is hidden is not told by its path either.
    where = node.parent.path if hidden and on_key and node.parent else node.path
    return Complaint(file, line, column, code, where, says, hint, max(length, 1), severity, hidden)


def in_order(complaints: Iterable[Complaint]) -> list[Complaint]:
    """By file, line and column; what is said twice of one place (an alias repeats it) is kept once."""
    once = {(c.file, c.line, c.column, c.code, c.says): c for c in reversed(list(complaints))}
    return sorted(once.values(), key=lambda c: (c.file, c.line, c.column, c.code, c.says))


def summary(complaints: Iterable[Complaint]) -> str:
    """`3 errors, 1 warning`; "" when there are none."""
    found = in_order(complaints)
    warnings = sum(c.severity == "warning" for c in found)
    counts = ((len(found) - warnings, "error"), (warnings, "warning"))
    return ", ".join(f"{n} {word}{'' if n == 1 else 's'}" for n, word in counts if n)


def render_text(complaints: Sequence[Complaint], sources: Mapping[str, str], colour: bool = False) -> str:
    """For people. `sources` are the texts as written, by the file names of the complaints; a file that is missing there is
    named and not shown. Credentials in the sources are hidden."""
    found = in_order(complaints)
    hidden = {(c.file, c.line, c.column, c.length) for c in found if c.hidden}
    excerpts = {
        file: Excerpt.of(file, text, [place for named, *place in hidden if named == file]) for file, text in sources.items()
    }
    paint = _paint if colour else _unpainted
    shown = [_one(complaint, excerpts.get(complaint.file), paint) for complaint in found]
    return "\n\n".join([*shown, summary(found)]) if found else ""


def _paint(text: str, style: str) -> str:
    return f"\x1b[{style}m{text}\x1b[0m" if text else ""


def _unpainted(text: str, style: str) -> str:  # noqa: ARG001
    return text


_BOLD, _RED, _YELLOW, _BLUE = "1", "1;31", "1;33", "34"


def _one(complaint: Complaint, excerpt: Excerpt | None, paint: Callable[[str, str], str]) -> str:
    style = _YELLOW if complaint.severity == "warning" else _RED
    place = f"{complaint.file}:{complaint.line}:{complaint.column}" if complaint.line else complaint.file
    kind = paint(f"{complaint.severity}[{complaint.code}]", style)
    head = f"{paint(printable(place), _BOLD)}: {kind}: {printable(complaint.says)}"
    hint = printable(complaint.hint)
    if excerpt is None or not 0 < complaint.line <= len(excerpt.lines):
        return f"{head}\n      {paint('=', _BLUE)} {hint}" if hint else head
    line = excerpt.show(complaint.line, complaint.column, complaint.length)
    above = "" if line.trimmed else excerpt.context(complaint.line)
    rows = [head]
    if above:
        rows.append(f"{paint(f'{complaint.line - 1:>5} |', _BLUE)} {above}")
    rows.append(f"{paint(f'{complaint.line:>5} |', _BLUE)} {line.text}".rstrip())
    caret = paint("^" * line.length, style)
    rows.append(f"{paint('      |', _BLUE)} {' ' * line.caret}{caret} {hint}".rstrip())
    return "\n".join(rows)


def render_json(complaints: Sequence[Complaint]) -> str:
    """For programs: `{"errors": 1, "warnings": 0, "complaints": [{file, line, column, length, severity, code, title, where,
    says, hint}]}`."""
    found = in_order(complaints)
    rows = [
        {
            "file": c.file,
            "line": c.line,
            "column": c.column,
            "length": c.length,
            "severity": c.severity,
            "code": c.code,
            "title": CODES[c.code][0] if c.code in CODES else "",
            "where": c.where,
            "says": c.says,
            "hint": c.hint,
        }
        for c in found
    ]
    warnings = sum(c.severity == "warning" for c in found)
    # Not orjson: it refuses broken Unicode, which a complaint may have to quote.
    return json.dumps({"errors": len(found) - warnings, "warnings": warnings, "complaints": rows}, indent=2)


def render_github(complaints: Sequence[Complaint]) -> str:
    """For GitHub Actions: a workflow command a line, which becomes an annotation of the file."""
    return "\n".join(
        f"::{'warning' if c.severity == 'warning' else 'error'} file={_property(c.file)},line={c.line},col={c.column},"
        f"title={_property(c.code)}::{_message(c.says + (f' ({c.hint})' if c.hint else ''))}"
        for c in in_order(complaints)
    )


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
