"""When to try again: backoff with full jitter, a provider's Retry-After, and a budget that keeps retries from piling up.

One owner retries (the stage `call`), so attempts add up and never multiply. Full jitter: Brooker, "Exponential Backoff And
Jitter". Retry-After: RFC 9110 section 10.2.3. All times are in seconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.faults import Fault
    from engine.web import Headers

LONGEST_HINT = 3600.0
MOST_UNPAID = 30  # retries in a row that may be in vain

_number = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,9})?", re.ASCII).fullmatch
_digits = re.compile(r"[0-9]+", re.ASCII).fullmatch


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """At most `attempts` in all, the first included. The n-th wait is drawn evenly from 0 to `base` * 2**(n-1), at most
    to `cap`."""

    attempts: int
    base: float
    cap: float

    def allows(self, attempt: int) -> bool:
        """Is there another attempt after the `attempt`-th?"""
        return attempt < self.attempts

    def next_wait(self, attempt: int, fault: Fault, dice: Callable[[], float]) -> float | None:
        """How long to wait after the `attempt`-th attempt (from 1) ended in `fault`; None to give up.

        The later of backoff and the provider's hint is waited for. A hint beyond the cap means giving up: coming
        back before the provider wants us would only be refused again.
        """
        if not fault.row.retryable or not self.allows(attempt):
            return None
        hint = fault.retry_after or 0.0
        if hint > self.cap:
            return None
        return max(hint, dice() * min(self.cap, self.base * 2.0 ** (attempt - 1)))


class RetryBudget:
    """How many retries may be under way at once: a share of the requests that are not retrying, but at least `least`.

    Counted against first attempts only: a share of all requests would let retries feed on themselves (F-14). Short retries come
    and go many times while one crowd is under way. So each also has to be paid for: by as many requests that began, and are not
    over, as belong to one retry. While few are under way a retry need not be paid for, as long as anything succeeds at all.
    """

    __slots__ = ("active", "least", "paid", "retrying", "share", "unpaid")

    def __init__(self, share: float = 0.2, least: int = 3) -> None:
        self.share = share
        self.least = least
        # Requests under way, and those of them that have paid for no retry: whoever begins one counts it in both, and off
        # `active` again when it ends.
        self.active = 0
        self.paid = 0.0
        self.retrying = 0
        self.unpaid = 0  # retries that nobody paid for, since the last success: whoever has one sets it to 0

    def take(self) -> bool:
        """May one more retry begin? If so it counts until `give`."""
        if self.retrying >= max(self.least, self.share * (self.active - self.retrying)):
            return False
        paid, price = min(self.paid, self.active), 1 / self.share + 1
        if paid < price:
            if self.share * self.active > self.least or self.unpaid >= MOST_UNPAID:
                return False
            self.unpaid += 1
        self.paid = max(0.0, paid - price)
        self.retrying += 1
        return True

    def give(self) -> None:
        self.retrying -= 1


def read_retry_after(headers: Headers, wall: float) -> float | None:
    """The seconds that a provider asks us to wait, from 0 to 3600; None when it does not say, or nothing sensible.

    `wall` is the time now in Unix seconds. `retry-after-ms` (OpenAI, Azure) is finer and goes first; Retry-After is a
    number of seconds or an HTTP-date.
    """
    finer = headers.get(b"retry-after-ms")
    if finer is not None:
        milliseconds = _read_number(finer.decode("latin-1"))
        if milliseconds is not None:
            return _within(milliseconds / 1000)
    given = headers.get(b"retry-after")
    if given is None:
        return None
    text = given.decode("latin-1")
    seconds = _read_number(text)
    if seconds is None:
        seconds = _read_date(text, wall)
    return None if seconds is None else _within(seconds)


def _within(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST_HINT)


def _read_number(text: str) -> float | None:
    text = text.strip(" \t")
    if _number(text):
        return float(text)
    # More digits than are sensible still say "very long", in seconds and in milliseconds.
    return LONGEST_HINT * 1000 if _digits(text) else None


def _read_date(text: str, wall: float) -> float | None:
    if len(text) > 64:
        return None
    try:
        moment = parsedate_to_datetime(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - wall
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
