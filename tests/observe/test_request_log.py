import errno
import json
import os
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from engine.observe import request_log
from engine.observe.request_log import ATOMIC, MOST_ROWS, RequestLog, encode, timestamp


def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """A thread writes: wait for its effect, not for a time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def fill(fd: int) -> int:
    """Fills a pipe; returns how many bytes it took."""
    os.set_blocking(fd, False)
    size = 0
    try:
        while True:
            size += os.write(fd, b"\n" * 4096)
    except BlockingIOError:
        os.set_blocking(fd, True)
        return size


def read_exactly(fd: int, size: int) -> None:
    while size:
        size -= len(os.read(fd, size))


def test_rows_become_lines_in_order() -> None:
    reader, writer = os.pipe()
    log = RequestLog(writer)
    for n in range(500):
        log.write({"n": n})
    log.close()
    os.close(writer)
    with open(reader, "rb") as lines:
        assert [json.loads(line)["n"] for line in lines] == list(range(500))
    assert log.dropped == 0


def test_a_write_to_a_pipe_stays_in_one_piece(monkeypatch) -> None:
    sizes = []
    monkeypatch.setattr(request_log.os, "write", lambda fd, data: sizes.append(len(data)) or len(data))
    log = RequestLog(1)
    for _ in range(300):
        log.write({"text": "x" * 100})
    log.close()
    assert max(sizes) <= ATOMIC
    assert len(sizes) < 20  # and yet many rows share a write


def test_a_line_longer_than_a_piece_keeps_its_place() -> None:
    reader, writer = os.pipe()
    log = RequestLog(writer)
    texts = ["a" * 10, "b" * (ATOMIC + 1), "c" * 10, "d" * (ATOMIC - 20), "e" * 10, "f" * 3 * ATOMIC]
    for text in texts:
        log.write({"text": text})
    log.close()
    os.close(writer)
    with open(reader, "rb") as lines:
        assert [json.loads(line)["text"] for line in lines] == texts


def test_no_line_is_lost_between_the_thread_and_the_loop(monkeypatch) -> None:
    """Every row wakes the thread anew, and it takes pieces that are still being made."""
    monkeypatch.setattr(request_log, "PAUSE", 0)
    reader, writer = os.pipe()
    log = RequestLog(writer)
    rest: list[bytes] = []

    def read() -> None:
        with open(reader, "rb") as lines:
            rest.extend(lines)

    thread = threading.Thread(target=read)
    thread.start()
    for n in range(20_000):
        log.write({"n": n})
        until(lambda: log._queued < MOST_ROWS)
    log.close(5.0)
    os.close(writer)
    thread.join(5)
    assert [json.loads(line)["n"] for line in rest] == list(range(20_000))
    assert log.dropped == 0


def test_a_reader_that_stops_does_not_stop_us_and_the_loss_is_told_exactly() -> None:
    """F-46: the queue is bounded, and what was dropped is counted and told by one line."""
    reader, writer = os.pipe()
    blocked = fill(writer)
    log = RequestLog(writer)
    log.write({"n": "held by the thread"})
    until(lambda: log._in_hand == 1)
    began = time.monotonic()
    for n in range(MOST_ROWS + 123):
        log.write({"n": n})
    assert time.monotonic() - began < 1.0
    assert log.dropped == 123
    read_exactly(reader, blocked)
    lines: list[dict] = []

    def read() -> None:
        with open(reader, "rb", closefd=True) as file:
            lines.extend(json.loads(line) for line in file)

    thread = threading.Thread(target=read)
    thread.start()
    log.close(5.0)
    os.close(writer)
    thread.join(5)
    assert lines[0] == {"n": "held by the thread"}
    assert [line["count"] for line in lines if line.get("message") == "log lines were dropped"] == [123]
    assert len(lines) == 1 + 1 + MOST_ROWS


def test_a_full_disk_is_counted_and_told_once() -> None:
    """F-46, section 0.8: no storm."""
    told = []
    fd = os.open("/dev/full", os.O_WRONLY)
    log = RequestLog(fd, lambda works, why: told.append((works, why)))
    for n in range(50):
        log.write({"n": n})
    log.close()
    os.close(fd)
    assert log.dropped == 50
    assert told == [(False, "ENOSPC")]


def test_it_recovers_by_itself(monkeypatch) -> None:
    """F-46: the sink comes back, and the first line says how many are missing."""
    monkeypatch.setattr(request_log, "PATIENCE", 0.001)
    written, told, broken = [], [], True

    def write(fd: int, data: bytes) -> int:
        if broken:
            raise OSError(errno.ENOSPC, "full")
        written.append(data)
        return len(data)

    monkeypatch.setattr(request_log.os, "write", write)
    log = RequestLog(1, lambda works, why: told.append((works, why)))
    log.write({"n": 1})
    until(lambda: log.dropped == 1)
    broken = False
    log.write({"n": 2})
    log.close()
    rows = [json.loads(line) for line in b"".join(written).splitlines()]
    assert rows[0]["count"] == 1
    assert rows[1:] == [{"n": 2}]
    assert told == [(False, "ENOSPC"), (True, "ENOSPC")]


def test_a_closed_pipe_is_survived() -> None:
    """F-70: EPIPE."""
    reader, writer = os.pipe()
    os.close(reader)
    log = RequestLog(writer)
    log.write({"n": 1})
    log.close()
    os.close(writer)
    assert log.dropped == 1


def test_the_end_is_bounded_in_time() -> None:
    reader, writer = os.pipe()
    blocked = fill(writer)
    log = RequestLog(writer)
    log.write({"n": 1})
    until(lambda: log._in_hand == 1)
    began = time.monotonic()
    log.close(0.05)
    assert time.monotonic() - began < 1.0
    assert log.dropped == 1
    read_exactly(reader, blocked)  # lets the thread go
    log._thread.join(5)
    os.close(reader)
    os.close(writer)


def test_a_descriptor_that_somebody_made_non_blocking_still_gets_every_line() -> None:
    reader, writer = os.pipe()
    blocked = fill(writer)
    os.set_blocking(writer, False)
    log = RequestLog(writer)
    log.write({"n": 1})
    until(lambda: log._in_hand == 1)
    read_exactly(reader, blocked)
    log.close(5.0)
    assert json.loads(os.read(reader, 100)) == {"n": 1}
    os.close(reader)
    os.close(writer)


def test_no_row_is_too_odd() -> None:
    assert encode({"text": "\ud800"}) == b'{"text": "\\ud800"}\n'
    assert json.loads(encode({"value": object(), 3: "x"})).keys() == {"value", "3"}
    assert encode({"big": 10**40}).startswith(b'{"big": 1000')
    assert encode({"line": "a\nb"}).count(b"\n") == 1


def test_times_are_rfc3339_in_utc() -> None:
    assert timestamp(0.0) == "1970-01-01T00:00:00.000Z"
    assert datetime.fromisoformat(timestamp(1_700_000_000.5)).timestamp() == 1_700_000_000.5


def test_half_a_line_spoils_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """F-46: a disk that is full in the middle of a line, again after a few bytes, and then is not."""
    monkeypatch.setattr(request_log, "PATIENCE", 0.01)
    path = tmp_path / "log"
    room = [30, 0, 1, 0, 5, 0]
    real = os.write

    def write(fd: int, data: bytes) -> int:
        if not room:
            return real(fd, data)
        if not (left := room.pop(0)):
            raise OSError(errno.ENOSPC, "full")
        return real(fd, data[:left])

    monkeypatch.setattr(request_log.os, "write", write)
    with path.open("wb") as file:
        log = RequestLog(file.fileno())
        for n in range(60):
            log.write({"row": n})
            if n % 20 == 19:
                until(lambda: (log._in_hand == 0 and not log._queued) or not room)
        until(lambda: not room)
        log.write({"row": 60})
        log.close(5.0)
    lines = path.read_bytes().split(b"\n")
    rows = [json.loads(line) for line in lines if line.endswith(b"}")]
    assert sum("row" in row for row in rows) + sum(row.get("count", 0) for row in rows) == 61
    assert sum(row.get("count", 0) for row in rows) == log.dropped
    broken = [line for line in lines if line and not line.endswith(b"}")]
    assert broken
    assert all(line.startswith(b"{") for line in broken)
