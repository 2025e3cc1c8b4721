"""Who owes a request head: connections that never sent one, or that have sent a part of it, by client address (F-33)."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address
from typing import Protocol

# How long a head may be owed without being counted against its address (seconds): a burst of new clients sends soon.
SOON = 1.0
_HOST_BITS = 64  # of an IPv6 address: one client has a whole /64 to choose from


class Owing(Protocol):
    """A connection that is waited for."""

    def give_up(self) -> None:
        """End the wait now, as its own clock would in the end."""


class Unfinished:
    """Those that owe longest come first. One that is given up is forgotten at once."""

    __slots__ = ("_owing",)

    def __init__(self) -> None:
        self._owing: dict[str, dict[Owing, float]] = {}

    def begin(self, connection: Owing, peer: str, now: float, most: int) -> None:
        """`connection` owes from `now` on (seconds of the loop's clock). Where its address has more than `most` that owe, those
        are given up that owe longest, unless it is for less than SOON."""
        owing = self._owing.setdefault(_origin(peer), {})
        owing[connection] = now
        while len(owing) > most:
            oldest = next(iter(owing))
            if owing[oldest] > now - SOON:
                return
            del owing[oldest]
            oldest.give_up()

    def end(self, connection: Owing, peer: str) -> None:
        """It has sent its head, or has gone; may be said of one that was given up."""
        origin = _origin(peer)
        owing = self._owing.get(origin)
        if owing is None:
            return
        owing.pop(connection, None)
        if not owing:
            del self._owing[origin]

    def count(self, peer: str) -> int:
        """How many owe a head at this address."""
        return len(self._owing.get(_origin(peer), ()))


def _origin(peer: str) -> str:
    """What counts as one client address: an IPv4 address, or an IPv6 /64."""
    return _network(peer) if ":" in peer else peer


@lru_cache(maxsize=1024)
def _network(peer: str) -> str:
    address = IPv6Address(peer.partition("%")[0])
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Address(int(address) >> _HOST_BITS << _HOST_BITS))
