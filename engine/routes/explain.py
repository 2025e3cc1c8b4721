"""What a program would do, told to a person: its routes as a table, and one request's way through it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.faults import Fault
from engine.parts import Stage
from engine.routes.match import Matcher
from engine.routes.pattern import read_path
from engine.secret import Secret
from engine.web import CREDENTIALS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.ports import Outgoing
    from engine.program import Program, Route, StageUse
    from engine.targets import Considered
    from engine.web import Response

SHOWN_BODY = 2000  # characters of an upstream body that are shown
BUILTIN = "answered by the built-in echo, nothing travels"
IN_PLACE, SENDING, AFTER = "in place", "before the answer is sent", "after the last byte"
MOST_OTHERS = 12  # routes that were passed over, each with its reason


@dataclass(slots=True)
class Explanation:
    """One request, explained. `others` are (match, why it did not take the request); `steps` are (stage, what it did); one
    of `outgoing`, `answer` and `fault` is how it ends. `refused` is why `auth` would not let it in as it stands; `builtin` says
    that the engine itself answers what is `outgoing` (kind `echo`)."""

    method: str
    path: str
    route: Route | None = None
    captures: Mapping[str, str] = field(default_factory=dict)
    others: list[tuple[str, str]] = field(default_factory=list)
    steps: list[tuple[StageUse, str]] = field(default_factory=list)
    considered: list[Considered] = field(default_factory=list)
    outgoing: Outgoing | None = None
    answer: Response | None = None
    fault: Fault | None = None
    refused: Fault | None = None
    builtin: bool = False


def describe_routes(program: Program) -> list[tuple[str, str, str]]:
    """(match, format, stages) of every route, in the order in which they are tried."""
    return [(route.name, route.speaks or "-", _line_of(route)) for route in program.routes]


def _line_of(route: Route) -> str:
    words = [use.word if _when(_stage(use)) == IN_PLACE else f"({use.word})" for use in route.stages]
    return " > ".join(words) + (" [public]" if route.public else "")


def _stage(use: StageUse) -> Stage:
    assert isinstance(use.part, Stage)
    return use.part


def describe_stages(route: Route) -> list[tuple[str, str, str, str]]:
    """(word, what it reads, what it writes, when it runs) of every stage, in the order in which they run."""
    # Sorting keeps the file's order among those that run at the same time.
    ordered = sorted(route.stages, key=lambda use: (_stage(use).after, _stage(use).sending))
    return [(use.word, _names(_stage(use).needs()), _names(_stage(use).writes), _when(_stage(use))) for use in ordered]


def _names(fields: frozenset[str]) -> str:
    return ", ".join(sorted(fields)) or "-"


def _when(stage: Stage) -> str:
    return AFTER if stage.after else SENDING if stage.sending else IN_PLACE


def why_not(program: Program, method: str, path: str, taken: Route | None) -> list[tuple[str, str]]:
    """(match, reason) of the routes that did not take a request: those that come near, and of the rest how many."""
    reasons = [(route, _reason(route, method, path, taken)) for route in program.routes if route is not taken]
    listed = [(route.name, why) for route, why in reasons if why][:MOST_OTHERS]
    rest = len(reasons) - len(listed)
    return [*listed, (f"{rest} more", "the path is another")] if rest else listed


def _reason(route: Route, method: str, path: str, taken: Route | None) -> str:
    """Why this route did not take it; "" when its path is simply another one."""
    literal = read_path(route.pattern).literal
    if not (route.pattern == path if literal else _takes(route, path)):
        return ""
    if method not in route.methods and not (method == "HEAD" and "GET" in route.methods):
        return f"it takes {', '.join(route.methods)}, not {method}"
    return f"it stands later, at line {route.line}" if taken else "its captures cannot be decoded"


def _takes(route: Route, path: str) -> bool:
    try:
        return bool(Matcher((route,)).allowed(path))
    except Fault:
        return False


def render_text(explanation: Explanation) -> str:
    """For people."""
    e = explanation
    lines = [f"{e.method} {e.path}", ""]
    if e.route is None:
        lines.append("no route takes this request")
    else:
        at = f", line {e.route.line}" if e.route.line else ""
        lines += [f"route     {e.route.name}{at}", f"speaks    {e.route.speaks or '-'}"]
        lines += [f"captures  {name} = {value}" for name, value in e.captures.items()]
    lines += _block("other routes", [f"{name}: {why}" for name, why in e.others])
    if e.route is not None:
        lines += _block("stages", _stage_rows(e))
    lines += _block("considered", [f"{'*' if c.chosen else '-'} {c.name}: {c.why}" for c in e.considered])
    return "\n".join([*lines, *_ending_text(e), *_refusal_text(e)]) + "\n"


def _refusal_text(explanation: Explanation) -> list[str]:
    fault = explanation.refused
    if fault is None:
        return []
    says = f"as it stands this request is refused with {fault.status} {fault.code}"
    return ["", f"{says}; the rest is shown as if the key were right"]


def _block(title: str, rows: list[str]) -> list[str]:
    return ["", f"{title}:", *(f"  {row}" for row in rows)] if rows else []


def _stage_rows(explanation: Explanation) -> list[str]:
    assert explanation.route is not None
    did = {use.word: what for use, what in explanation.steps}
    table = [
        (word, f"reads {reads}", f"writes {writes}", did.get(word, "not reached" if when == IN_PLACE else when))
        for word, reads, writes, when in describe_stages(explanation.route)
    ]
    widths = [max(len(row[i]) for row in table) for i in range(3)]
    return ["  ".join((*(row[i].ljust(widths[i]) for i in range(3)), row[3])) for row in table]


def _ending_text(explanation: Explanation) -> list[str]:
    if explanation.outgoing is not None:
        sent = describe_outgoing(explanation.outgoing)
        pairs = sent["headers"]
        title, where = "would send (nothing was sent):", sent["url"]
        if explanation.builtin:
            title, where = f"{BUILTIN}; it would be given:", explanation.outgoing.path
            pairs = [pair for pair in pairs if pair[0] != "host"]
        head = [f"{sent['method']} {where}", *(f"{name}: {value}" for name, value in pairs)]
        return ["", title, *(f"  {line}" for line in [*head, "", *str(sent["body"]).splitlines()])]
    if explanation.answer is not None:
        return ["", f"answers {explanation.answer.status} without calling anybody"]
    if explanation.fault is not None:
        return ["", f"fails with {explanation.fault.status} {explanation.fault.code}: {explanation.fault.message}"]
    return []


def describe_outgoing(outgoing: Outgoing) -> dict[str, Any]:
    """An upstream request as data: method, url, headers, body; every credential masked."""
    target = outgoing.target
    pairs = [(b"host", target.origin.authority.encode()), *target.pairs, *outgoing.pairs]
    body = outgoing.body.decode("utf-8", "replace")
    more = len(body) - SHOWN_BODY
    return {
        "target": target.name,
        "method": outgoing.method,
        "url": f"{target.origin}{outgoing.path}",
        "headers": [(name.decode("ascii", "replace"), _masked(name, value, outgoing)) for name, value in pairs],
        "body": body if more <= 0 else f"{body[:SHOWN_BODY]}... ({more} more characters)",
    }


def _masked(name: bytes, value: bytes, outgoing: Outgoing) -> str:
    text = value.decode("utf-8", "replace")
    if name in outgoing.target.sealed:
        return Secret(text).masked
    if name not in CREDENTIALS:
        return text
    scheme, space, _ = text.partition(" ")
    credential = outgoing.target.credential
    return (scheme + " " if space else "") + (credential.masked if credential else "***")


def render_json(explanation: Explanation) -> str:
    """For programs: the same, as one JSON document."""
    e = explanation
    route = e.route and {
        "match": e.route.name,
        "line": e.route.line,
        "speaks": e.route.speaks or None,
        "public": e.route.public,
        "captures": dict(e.captures),
    }
    stages = describe_stages(e.route) if e.route else []
    did = {use.word: what for use, what in e.steps}
    document = {
        "method": e.method,
        "path": e.path,
        "route": route,
        "others": [{"match": name, "why": why} for name, why in e.others],
        "stages": [
            {"stage": word, "reads": _listed(reads), "writes": _listed(writes), "runs": when, "did": did.get(word)}
            for word, reads, writes, when in stages
        ],
        "considered": [{"name": c.name, "chosen": c.chosen, "why": c.why} for c in e.considered],
        "would_send": _would_send(e),
        "answers": e.answer.status if e.answer else None,
        "fails": _fault(e.fault),
        "refused": _fault(e.refused),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _would_send(explanation: Explanation) -> dict[str, Any] | None:
    if explanation.outgoing is None:
        return None
    sent = describe_outgoing(explanation.outgoing)
    if not explanation.builtin:
        return sent
    headers = [pair for pair in sent["headers"] if pair[0] != "host"]
    return {**sent, "url": None, "headers": headers, "note": BUILTIN}


def _fault(fault: Fault | None) -> dict[str, Any] | None:
    return {"status": fault.status, "code": fault.code, "message": fault.message} if fault else None


def _listed(words: str) -> list[str]:
    return [] if words == "-" else words.split(", ")
