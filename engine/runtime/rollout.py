"""Bringing a table to all workers: read once, given to each, announced when every one serves it, taken back when they die
of it (F-62, F-63, F-68)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.runtime.events import Event
from engine.runtime.reload import needs_restart

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.runtime.channel import Message
    from engine.runtime.crew import Crew, Member
    from engine.runtime.generation import Generation
    from engine.runtime.reload import Reading, Tables


class Rollout:
    """`count` moves the supervisor's figures."""

    def __init__(self, tables: Tables, crew: Crew, count: Callable[[str], None], tell: Callable[[Event], None]) -> None:
        self._tables = tables
        self._crew = crew
        self._count = count
        self._tell = tell
        self._announced = True

    def reload(self) -> None:
        """Looks at the file. A table with errors changes nothing but the status that workers show."""
        before = self._tables.current.program.server
        reading = self._tables.read()
        self._count(f"reload.{reading.outcome}")
        if reading.generation is None:
            self._tell(_left_alone(reading))
            self._crew.tell({"do": "status", "last_reload": self._tables.status})
            return
        if fixed := needs_restart(before, reading.generation.program.server):
            words = ", ".join(f"server.{name}" for name in fixed)
            self._tell(Event("restart_needed", f"a change of {words} needs a restart; the rest is applied", "warning"))
        self._tables.adopt(reading.generation)
        self._give(reading.generation)

    def heed(self, member: Member, message: Message) -> None:
        """What a worker says of a table it was given."""
        if message["says"] == "adopted":
            member.generation = message["number"]
            self.announce()
        elif message["number"] == self._tables.current.number:
            self.roll_back(f"a worker refused the table ({message['why']})")

    def crashed(self) -> None:
        """A worker died: perhaps of the table."""
        if self._tables.crashed():
            self.roll_back("workers keep dying of the new table")

    def announce(self) -> None:
        """Tells once when every worker serves the current table."""
        generation = self._tables.current
        if self._announced or not self._crew.complete or any(m.generation != generation.number for m in self._crew):
            return
        self._announced = True
        facts = {"generation": generation.number}
        self._tell(Event("reloaded", "the new table is served", facts=facts, program=generation.program))

    def roll_back(self, why: str) -> None:
        generation = self._tables.roll_back(why)
        if generation is None:
            return
        self._count("reload.rolled_back")
        self._tell(Event("rolled_back", f"{why}: the one before it is served again", "error"))
        self._give(generation)

    def _give(self, generation: Generation) -> None:
        self._announced = False
        self._crew.tell({"do": "adopt", "generation": generation.message()})
        self._crew.tell({"do": "status", "last_reload": self._tables.status})


def _left_alone(reading: Reading) -> Event:
    if reading.outcome == "unchanged":
        return Event("unchanged", reading.says, table=reading.table, checked=reading.checked)
    says = f"{reading.says}; the table before it is served on"
    return Event("refused", says, "error", table=reading.table, checked=reading.checked)
