"""The request log: rows in, JSON lines out on a descriptor, by a thread, and the event loop never waits (F-46).

The queue is bounded: when whoever reads the log does not keep up, or the disk is full, rows are dropped and counted
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
    from collections.abc import Callable, Iterator

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
        self._rows: deque[Row] = deque()
        self._wake = threading.Event()
        self._leaving = threading.Event()
        self._refused = 0  # dropped before the queue: written by the loop's thread only
        self._lost = 0  # dropped after it: written by this log's thread only
        self._told = 0  # of both, how many the log itself has told of
        self._in_hand = 0
        self._broken = ""
        self._thread = threading.Thread(target=self._run, name="request-log", daemon=True)
        self._thread.start()

    def write(self, row: Row) -> None:
        """One line, soon. The row is the log's from now on."""
        rows = self._rows
        if len(rows) >= MOST_ROWS:
            self._refused += 1
            return
        rows.append(row)
        if not self._wake.is_set():
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
        self._refused += len(self._rows) + (self._in_hand if self._thread.is_alive() else 0)

    def _run(self) -> None:
        while not self._leaving.is_set():
            self._wake.wait()
            self._leaving.wait(PATIENCE if self._broken else PAUSE)
            self._wake.clear()
            self._drain()
        self._drain()

    def _drain(self) -> None:
        while self._rows:
            for piece, rows in _pieces(self._next_lines()):
                self._in_hand = rows
                self._put(piece, rows)
                self._in_hand = 0
            if self._broken:
                return

    def _next_lines(self) -> list[bytes]:
        rows = self._rows
        return [encode(rows.popleft()) for _ in range(min(len(rows), 256))]

    def _put(self, piece: bytes, rows: int) -> None:
        try:
            missing = self.dropped - self._told
            if missing:
                _write_all(self._fd, encode(_row_of_missing(missing)))
                self._told += missing
            _write_all(self._fd, piece)
        except OSError as error:
            self._lost += rows
            if not self._broken:
                self._broken = errno.errorcode.get(error.errno or 0, "unknown")
                self._tell(works=False)
            return
        if self._broken:
            self._tell(works=True)
            self._broken = ""

    def _tell(self, works: bool) -> None:
        if self._trouble is not None:
            self._trouble(works, self._broken)


def encode(row: Row) -> bytes:
    """A row as one line of JSON. Never fails: what JSON cannot carry is told as text, lone surrogates are escaped."""
    try:
        return orjson.dumps(row, default=str, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS)
    except TypeError:
        return json.dumps(row, default=str, skipkeys=True).encode() + b"\n"


def timestamp(wall: float) -> str:
    """Unix seconds as RFC 3339 with milliseconds, in UTC."""
    return datetime.fromtimestamp(wall, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _row_of_missing(count: int) -> Row:
    now = datetime.now(UTC).timestamp()
    return {"timestamp": timestamp(now), "level": "warning", "message": "log lines were dropped", "count": count}


def _pieces(lines: list[bytes]) -> Iterator[tuple[bytes, int]]:
    """The lines joined into writes that stay in one piece, each with its number of lines."""
    held: list[bytes] = []
    size = 0
    for line in lines:
        if held and size + len(line) > ATOMIC:
            yield b"".join(held), len(held)
            held, size = [], 0
        held.append(line)
        size += len(line)
    if held:
        yield b"".join(held), len(held)


def _write_all(fd: int, data: bytes) -> None:
    while data:
        try:
            data = data[os.write(fd, data) :]
        except BlockingIOError:  # somebody else made the shared descriptor non-blocking
            select.select([], [fd], [], 1.0)
