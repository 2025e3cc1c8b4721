"""Operational lines on stderr: started, reloaded, a worker died. Few, and never a storm (F-37, section 0.8)."""

from __future__ import annotations

import os
import select
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.observe.request_log import encode, timestamp

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST = select.PIPE_BUF  # bytes: the kernel keeps such a line in one piece among several processes
MOST = 2000  # characters of one field
PERIOD = 1.0  # seconds between two lines of one kind


@dataclass(slots=True)
class _Kind:
    last: float
    suppressed: int = 0


class Console:
    """One line per call, at most one a second of each kind: the next one tells how many were kept back. On a terminal a
    plain sentence, else JSON. A stderr that is closed, full or not being read never blocks and never raises."""

    def __init__(self, fd: int, *, plain: bool, now: Callable[[], float], wall: Callable[[], float]) -> None:
        self._fd = fd
        self._plain = plain
        self._now = now
        self._wall = wall
        self._kinds: dict[str, _Kind] = {}

    def say(self, kind: str, message: str, level: str = "info", **facts: Any) -> None:
        """`kind` is a fixed word (it bounds the rate); `facts` are further fields, plain JSON values."""
        now = self._now()
        known = self._kinds.get(kind)
        if known is not None and now - known.last < PERIOD:
            known.suppressed += 1
            return
        if known is not None and known.suppressed:
            facts["suppressed"] = known.suppressed
        self._kinds[kind] = _Kind(now)
        row = {"timestamp": timestamp(self._wall()), "level": level, "event": kind, "message": message, **facts}
        row = {key: value[:MOST] if isinstance(value, str) else value for key, value in row.items()}
        self._write(_sentence(row) if self._plain else encode(row))

    def _write(self, line: bytes) -> None:
        if len(line) > LONGEST:
            line = line[: LONGEST - 5] + b" ...\n"
        try:
            # A pipe that says it is writable takes PIPE_BUF bytes at once; one that does not would stop the event loop.
            poll = select.poll()
            poll.register(self._fd, select.POLLOUT)
            if poll.poll(0):
                os.write(self._fd, line)
        except OSError:
            pass


def stderr_console(now: Callable[[], float], wall: Callable[[], float]) -> Console:
    """The console of this process."""
    return Console(2, plain=sys.stderr is not None and sys.stderr.isatty(), now=now, wall=wall)


def _sentence(row: dict[str, Any]) -> bytes:
    facts = " ".join(f"{key}={value}" for key, value in row.items() if key not in ("timestamp", "level", "event", "message"))
    text = f"{row['timestamp'][11:19]} {row['level']:7} {row['message']}" + (f" ({facts})" if facts else "")
    # One line whatever a message holds, and no control sequences on somebody's terminal.
    return "".join(c if c.isprintable() else " " for c in text).encode("utf-8", "backslashreplace") + b"\n"
