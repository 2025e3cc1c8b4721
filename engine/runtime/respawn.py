"""When a worker that died is started again, and when the table is to blame (F-66, F-68). Pure: no clock, no dice of its own."""

from __future__ import annotations

QUICK = 1.0  # seconds: a worker that dies sooner is in a crash loop
FIRST, LONGEST = 0.1, 30.0  # seconds between starts in such a loop
TRIAL = 60.0  # seconds after a new table in which crashes are its fault
MOST_CRASHES = 5


class Respawn:
    """The delays of one worker's place: none for a worker that had lived, ever longer for one that dies at once."""

    def __init__(self) -> None:
        self._in_a_row = 0

    def delay(self, lived: float, dice: float) -> float:
        """Seconds to wait after a worker that lived for `lived` seconds; `dice` is in [0, 1), or places would march in step."""
        if lived >= QUICK:
            self._in_a_row = 0
        self._in_a_row += 1
        if self._in_a_row == 1:
            return 0.0
        longest = min(LONGEST, FIRST * 2.0 ** min(self._in_a_row - 2, 16))
        return longest * (0.5 + dice / 2)


class Trial:
    """Is a new table to be trusted? Not when MOST_CRASHES workers die within TRIAL seconds of its coming."""

    def __init__(self, began: float) -> None:
        self._began = began
        self._crashes = 0

    def crashed(self, now: float) -> bool:
        """One more worker died; True when the table must go."""
        if now - self._began <= TRIAL:
            self._crashes += 1
        return self._crashes >= MOST_CRASHES

    def passed(self, now: float) -> bool:
        """Good enough to come back to: nobody died of it, or its trial is over."""
        return self._crashes == 0 or now - self._began > TRIAL
