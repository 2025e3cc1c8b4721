"""`errors:` of the server and of routes: what it speaks of must exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.faults import TABLE, Blame

if TYPE_CHECKING:
    from engine.routes.desk import Desk
    from engine.routes.draft import Draft
    from engine.routes.node import Node

KNOWN = (*TABLE, *(blame.value for blame in Blame))


def check_manners(draft: Draft, desk: Desk) -> None:
    """Every key of `say`, `status` and `styles` is a fault's code, or says whose fault it is."""
    owners = [route.node for route in draft.routes] + ([draft.server_node] if draft.server_node else [])
    for owner in owners:
        errors = owner.get("errors") if isinstance(owner.value, dict) else None
        for option in ("say", "status", "styles"):
            _check(errors.get(option) if errors is not None and isinstance(errors.value, dict) else None, desk)


def _check(rows: Node | None, desk: Desk) -> None:
    for code, node in rows.value.items() if rows is not None and isinstance(rows.value, dict) else ():
        if code not in KNOWN:
            hint = desk.suggest(code, KNOWN) or "docs/errors.md lists the codes"
            desk.error(node, "R023", f"there is no error `{code[:60]}`", hint, on_key=True)
