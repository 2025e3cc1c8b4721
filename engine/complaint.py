"""What a check says of a route table. A check reports all complaints, never only the first."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Complaint:
    """`line` and `column` count from 1 and point at `length` characters; `where` is the path in the table
    (`pipelines.chat[3].select`); `hint` is a suggestion, given only when it is near enough; `hidden`: it points at what may be
    a credential out of place, which is not shown."""

    file: str
    line: int
    column: int
    code: str  # R001 ...: stable; docs/routes.md lists them
    where: str
    says: str
    hint: str = ""
    length: int = 1
    severity: str = "error"  # or "warning"
    hidden: bool = False
