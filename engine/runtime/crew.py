"""The workers as the supervisor sees them: a place each, who fills it, and when an empty one is filled again."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.runtime.channel import Channel, channel_pair
from engine.runtime.fork import fork
from engine.runtime.respawn import Respawn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from engine.runtime.channel import Message

FORK_AGAIN = 0.1  # seconds, when the system gives no process (F-43)


@dataclass(slots=True, eq=False)
class Member:
    """One living worker. `generation` is the table that it serves."""

    slot: int
    serial: int
    pid: int
    channel: Channel
    born: float
    generation: int
    ready: bool = False
    heard: float = 0.0  # when it last said something
    leaving: bool = False  # its place is another's
    trouble: str = ""  # why it could not start

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)  # not yet waited for, so the pid is still its own


@dataclass(slots=True)
class _Place:
    respawn: Respawn = field(default_factory=Respawn)
    member: Member | None = None
    due: float | None = 0.0  # when to fill it; None: it is filled, or stays empty


class Crew:
    """`work(slot, serial, channel)` is a worker's life and gives its exit code; `forget` drops, in a new worker, what is
    the supervisor's only. Moments are of `now`, in seconds; `dice` in [0, 1)."""

    def __init__(
        self,
        size: int,
        work: Callable[[int, int, Channel], int],
        forget: Callable[[], None],
        now: Callable[[], float],
        dice: Callable[[], float],
    ) -> None:
        self._places = [_Place() for _ in range(size)]
        self._leaving: list[Member] = []  # their places are others'
        self._work = work
        self._forget = forget
        self._now = now
        self._dice = dice
        self._serial = 0
        self._dismissed = False

    def __iter__(self) -> Iterator[Member]:
        return iter([*(place.member for place in self._places if place.member is not None), *self._leaving])

    @property
    def next_due(self) -> float:
        """When `fill` is worth calling again."""
        return min((place.due for place in self._places if place.due is not None), default=float("inf"))

    @property
    def complete(self) -> bool:
        """Every place is filled by a worker that is ready."""
        return all(place.member is not None and place.member.ready for place in self._places)

    def fill(self, generation: int) -> list[Member]:
        """Starts a worker, which serves `generation`, in every place that is due; returns the new ones."""
        now = self._now()
        due = [slot for slot, place in enumerate(self._places) if place.due is not None and place.due <= now]
        return [member for slot in due if (member := self._start(slot, generation)) is not None]

    def died(self, pid: int) -> Member | None:
        """The member that was `pid`; its place is due again, at once or after a while. None for a stranger."""
        for leaver in self._leaving:
            if leaver.pid == pid:
                self._leaving.remove(leaver)
                return leaver
        for place in self._places:
            member = place.member
            if member is not None and member.pid == pid:
                now = self._now()
                place.member = None
                if not self._dismissed:
                    place.due = now + place.respawn.delay(now - member.born, self._dice())
                return member
        return None

    def succeed(self, member: Member) -> None:
        """Another is to take the place of `member`, which serves until that one is ready (F-50)."""
        place = self._places[member.slot]
        if place.member is member and not self._dismissed:
            member.leaving = True
            self._leaving.append(member)
            place.member, place.due = None, self._now()

    def relieve(self, successor: Member) -> None:
        """`successor` is ready: who was to leave its place drains."""
        for member in self._leaving:
            if member.slot == successor.slot and member is not successor:
                member.channel.send({"do": "drain"})

    def tell(self, message: Message) -> None:
        """Sends to all."""
        for member in self:
            member.channel.send(message)

    def dismiss(self) -> None:
        """No place is filled again."""
        self._dismissed = True
        for place in self._places:
            place.due = None

    def forget_all(self) -> None:
        """In a new worker: drops the supervisor's ends, or the others would not notice its death (F-67)."""
        for member in self:
            member.channel.close()

    def _start(self, slot: int, generation: int) -> Member | None:
        place = self._places[slot]
        self._serial += 1
        try:
            pid, channel = self._fork(slot, self._serial)
        except OSError:
            place.due = self._now() + FORK_AGAIN
            return None
        place.member = Member(slot, self._serial, pid, channel, self._now(), generation)
        place.due = None
        return place.member

    def _fork(self, slot: int, serial: int) -> tuple[int, Channel]:
        ours, theirs = channel_pair()

        def forget() -> None:
            ours.close()
            self.forget_all()
            self._forget()

        try:
            return fork(lambda: self._work(slot, serial, theirs), forget), ours
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
