"""Hot: guarded by bench/micro/log.py. The request log: rows in, JSON lines out on a descriptor, by a thread, and the event
loop never waits (F-46).

Rows become lines, and lines pieces of a write, where the rows are made: that costs less than to hand them over. The thread
does nothing but write, so it hardly competes with the loop for the interpreter, and few small things live long.

What is queued is bounded: when whoever reads the log does not keep up, or the disk is full, rows are dropped and counted
exactly, requests go on, and the first line that can be written again says how many are missing.
"""

from __future__ import annotations

import errno
import json
import os
import select
import threading
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_ROWS = 10_000
# Several workers share the descriptor: POSIX keeps writes of up to PIPE_BUF bytes to a pipe in one piece.
ATOMIC = select.PIPE_BUF
PAUSE = 0.02  # seconds between batches: one wake-up of the thread serves many rows
PATIENCE = 1.0  # seconds between tries at a sink that refuses

Row = dict[str, Any]


class RequestLog:
    """`write` takes a row and never blocks. `trouble` is told, from the thread, of a sink that stops or starts working:
    (works again?, why). `fd` stays the caller's."""

    def __init__(self, fd: int, trouble: Callable[[bool, str], None] | None = None) -> None:
        self._fd = fd
        self._trouble = trouble
        self._lock = threading.Lock()  # held for a few instructions: over what is queued
        self._lines: list[bytes] = []  # the piece that is being made
        self._size = 0  # of these, in bytes
        self._pieces: deque[tuple[bytes, int]] = deque()  # each with its number of lines
        self._queued = 0  # lines in all of them
        self._wake = threading.Event()
        self._called = False  # the thread has been woken for what is queued
        self._leaving = threading.Event()
        self._refused = 0  # dropped before the queue: written by the loop's thread only
        self._lost = 0  # dropped after it: written by this log's thread only
        self._told = 0  # of both, how many the log itself has told of
        self._in_hand = 0
        self._broken = ""
        self._torn = False  # half a line was written, then the sink refused
        self._thread = threading.Thread(target=self._run, name="request-log", daemon=True)
        self._thread.start()

    def write(self, row: Row) -> None:
        """One line, soon."""
        if self._queued >= MOST_ROWS:
            self._refused += 1
            return
        line = encode(row)
        with self._lock:
            self._size += len(line)
            if self._size > ATOMIC:
                self._seal()
                self._size = len(line)
            self._lines.append(line)
            self._queued += 1
        if not self._called:
            self._called = True
            self._wake.set()

    @property
    def dropped(self) -> int:
        """How many rows were lost so far, whatever the reason."""
        return self._refused + self._lost

    def close(self, seconds: float = 1.0) -> None:
        """Writes what is queued, for at most `seconds`; what is left then is counted as dropped."""
        self._leaving.set()
        self._wake.set()
        self._thread.join(seconds)
        # A thread still alive is stuck in a write to a pipe that nobody reads; it dies with the process.
        with self._lock:
            self._refused += self._queued + (self._in_hand if self._thread.is_alive() else 0)

    def _run(self) -> None:
        while not self._leaving.is_set():
            self._wake.wait()
            self._leaving.wait(PATIENCE if self._broken else PAUSE)
            self._wake.clear()
            # Before the look at what is queued: a row that comes after it calls again.
            self._called = False
            self._drain()
        self._drain()

    def _drain(self) -> None:
        while self._queued:
            self._put(self._next_piece())
            self._in_hand = 0
            if self._broken:
                return

    def _seal(self) -> None:
        if self._lines:
            self._pieces.append((b"".join(self._lines), len(self._lines)))
            self._lines.clear()

    def _next_piece(self) -> bytes:
        """Its lines are in hand from then on."""
        with self._lock:
            if not self._pieces:
                self._seal()
                self._size = 0
            piece, self._in_hand = self._pieces.popleft()
            self._queued -= self._in_hand
        return piece

    def _put(self, piece: bytes) -> None:
        missing = self.dropped - self._told
        if missing:
            if not self._write(encode(_row_of_missing(missing))):
                self._lost += self._in_hand
                return
            self._told += missing
        written = self._write(piece)
        self._lost += self._in_hand - written
        if self._broken and written == self._in_hand:
            self._tell(works=True)
            self._broken = ""

    def _write(self, lines: bytes) -> int:
        """How many of the lines are written: fewer than all when the sink refuses. What was begun in vain is closed first, so
        that it spoils no other line."""
        opening = b"\n" if self._torn else b""
        written, error = _write_all(self._fd, opening + lines)
        done = lines[: max(0, written - len(opening))]
        if written:
            self._torn = bool(done) and not done.endswith(b"\n")
        if error is not None and not self._broken:
            self._broken = errno.errorcode.get(error.errno or 0, "unknown")
            self._tell(works=False)
        return done.count(b"\n")

    def _tell(self, works: bool) -> None:
        if self._trouble is not None:
            self._trouble(works, self._broken)


def encode(row: Row) -> bytes:
    """A row as one line of JSON. Never fails: what JSON cannot carry is told as text, lone surrogates are escaped."""
    try:
        return orjson.dumps(row, str, orjson.OPT_APPEND_NEWLINE)
    except TypeError:
        return json.dumps(row, default=str, skipkeys=True).encode() + b"\n"


def timestamp(wall: float) -> str:
    """Unix seconds as RFC 3339 with milliseconds, in UTC."""
    return datetime.fromtimestamp(wall, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _row_of_missing(count: int) -> Row:
    now = datetime.now(UTC).timestamp()
    return {"timestamp": timestamp(now), "level": "warning", "message": "log lines were dropped", "count": count}


def _write_all(fd: int, data: bytes) -> tuple[int, OSError | None]:
    """How many bytes were written, and what prevented the rest."""
    written = 0
    while written < len(data):
        try:
            written += os.write(fd, data[written:])
        except BlockingIOError:  # somebody else made the shared descriptor non-blocking
            select.select([], [fd], [], 1.0)
        except OSError as error:
            return written, error
    return written, None
