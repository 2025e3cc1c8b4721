"""What the supervisor announces: to the command line, which prints it, and to tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from engine.program import Program
    from engine.routes.compile import Checked
    from engine.runtime.table import Table

Kind = Literal[
    "refused",  # the table has errors (`table`, `checked`), or cannot be read (neither); at start nothing is served
    "failed",  # the first workers could not start
    "ready",  # all workers serve (`program`; facts: addresses, workers)
    "reloaded",  # every worker serves the new table (`program`; facts: generation)
    "unchanged",  # the table is the one that is served
    "restart_needed",  # the new table changes what only a restart can
    "rolled_back",  # the new table killed workers: the one before is served again
    "worker_died",
    "worker_heavy",  # it has grown too large, and is replaced
    "worker_silent",  # it said nothing for too long, and is ended
    "draining",  # told to stop: requests in flight go on
    "stopping",  # told again: nothing is waited for
    "stopped",
    "not_watching",  # whoever watched the file is gone
]


@dataclass(frozen=True, slots=True)
class Event:
    """`says` is one sentence for a person; `facts` are plain values for a log line."""

    kind: Kind
    says: str
    level: Literal["info", "warning", "error"] = "info"
    facts: dict[str, Any] = field(default_factory=dict)
    program: Program | None = None
    table: Table | None = None
    checked: Checked | None = None
