"""Which connection has been idle longest: asked only when there are as many as there may be (F-34)."""

from __future__ import annotations

from collections import deque
from math import inf
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

# Seconds between two walks over all connections, which takes milliseconds where there are ten thousand.
LOOK = 0.1
# Seconds: one that is idle for less may have its next request on the way, which would then be lost.
SURELY = 1.0


class Idling(Protocol):
    @property
    def idle_since(self) -> float: ...


G = TypeVar("G", bound=Idling)


class LongestIdle(Generic[G]):
    """Nothing is kept up while requests come and go: `census` is walked when somebody is looked for, and what one walk found
    serves until it is used up."""

    __slots__ = ("_census", "_found", "_next_look")

    def __init__(self, census: Iterable[G]) -> None:
        self._census = census
        self._found: deque[tuple[float, G]] = deque()
        self._next_look = -inf

    def find(self, now: float) -> G | None:
        """The one that is idle longest, and surely is; it is not found again. None when there is none, or when the last walk
        was just now. `now` in seconds of the loop's clock."""
        guest = self._next()
        if guest is None and now >= self._next_look:
            self._next_look = now + LOOK
            idle = ((guest.idle_since, guest) for guest in self._census)
            self._found.extend(sorted(((since, guest) for since, guest in idle if since <= now - SURELY), key=_since))
            guest = self._next()
        return guest

    def _next(self) -> G | None:
        while self._found:
            since, guest = self._found.popleft()
            # It may have gone, or served a request since.
            if guest.idle_since == since:
                return guest
        return None


def _since(found: tuple[float, object]) -> float:
    return found[0]
