"""How many descriptors are left (F-42). Running out of them would be resets without a word, or a storm of log lines."""

from __future__ import annotations

import os
import resource

# Kept for what is not a connection: the log, the route table, name look-ups, upstream sockets being opened.
RESERVE = 128


class Gate:
    """Shut when fewer than RESERVE descriptors are left (a quarter of them all, where there are few)."""

    __slots__ = ("_most", "_probe")

    def __init__(self, probe: int, limit: int | None = None) -> None:
        """`probe` is an open descriptor; `limit` is the process's own (RLIMIT_NOFILE) by default."""
        if limit is None:
            limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self._probe = probe
        self._most = limit - min(RESERVE, limit // 4)

    def shut(self, share: float = 1.0) -> bool:
        """Whether `share` of what may be used is in use."""
        try:
            # The kernel gives the lowest free number, so that this one tells how many are open, whoever opened them.
            lowest = os.dup(self._probe)
        except OSError:
            return True
        os.close(lowest)
        return lowest >= self._most * share
