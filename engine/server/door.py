"""What all connections of one listener share: whom they serve, and what is counted together."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from typing import TYPE_CHECKING, Protocol

from engine.faults import Fault
from engine.ports import Client, Meter
from engine.server.clocks import Wheel
from engine.server.longest_idle import LongestIdle
from engine.server.unfinished import Unfinished
from engine.web import Request, Response

if TYPE_CHECKING:
    from engine.settings import Server

# Input held for a client that sends more than it is asked for, and output that it has not taken.
INPUT_HIGH = 64 * 1024
OUTPUT_HIGH = 64 * 1024
OUTPUT_LOW = 16 * 1024

# After a last answer: how much is still read, and for how long (seconds), so that no reset overtakes the answer.
LINGER_BYTES = 64 * 1024
LINGER_SECONDS = 1.0

Handler = Callable[[Request, Client], Awaitable[None]]
Refuse = Callable[[Fault, str], Response]
Report = Callable[[BaseException], None]


class Guest(Protocol):
    """A connection, as the listener sees it."""

    @property
    def idle(self) -> bool:
        """Waiting for a request of which no byte is there."""

    @property
    def idle_since(self) -> float:
        """The moment of the loop's clock since which it is idle; inf when it is not."""

    def retire(self) -> None:
        """End as soon as what is in flight is answered."""

    def close_now(self) -> None:
        """End at once; what is in flight is told so."""


class Door:
    """`handler` answers a request; `refuse` writes the answer to what never became one (path "" when it is not known);
    `report` is told of exceptions that are nobody's answer. `census` is in order of arrival."""

    __slots__ = (
        "_second",
        "_stamp",
        "census",
        "draining",
        "emptied",
        "handler",
        "idle",
        "limits",
        "meter",
        "refuse",
        "report",
        "timeouts",
        "unfinished",
        "wheel",
    )

    def __init__(self, handler: Handler, refuse: Refuse, settings: Server, meter: Meter, report: Report) -> None:
        self.handler = handler
        self.refuse = refuse
        self.meter = meter
        self.report = report
        self.limits = settings.limits
        self.timeouts = settings.timeouts
        self.wheel = Wheel()
        self.census: dict[Guest, None] = {}
        self.unfinished = Unfinished()
        self.idle: LongestIdle[Guest] = LongestIdle(self.census)
        self.draining = False
        self.emptied: Callable[[], None] | None = None
        self._second = 0
        self._stamp = b""

    @property
    def full(self) -> bool:
        return len(self.census) >= self.limits.connections

    def make_room(self, now: float) -> bool:
        """Whether a connection could be closed in favour of a new one: the one that is idle longest (F-34)."""
        guest = self.idle.find(now)
        if guest is None:
            return False
        self.meter.count("idle_closed")
        guest.close_now()
        return True

    def enter(self, guest: Guest) -> None:
        self.census[guest] = None

    def leave(self, guest: Guest) -> None:
        self.census.pop(guest, None)
        if not self.census and self.emptied is not None:
            self.emptied()

    def date(self) -> bytes:
        """The Date line with its CRLF (RFC 9110 section 6.6.1), written once a second."""
        second = int(time.time())
        if second != self._second:
            self._second = second
            self._stamp = b"date: %b\r\n" % formatdate(second, usegmt=True).encode("ascii")
        return self._stamp
