import contextlib
import json
import os
from collections.abc import Iterator

import pytest

from engine.observe.console import LONGEST, Console, stderr_console
from tests.tools.clock import Clock

WALL = 1_700_000_000.25


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    yield reader, writer
    for fd in (reader, writer):
        try:
            os.close(fd)
        except OSError:
            pass


def console(fd: int, clock: Clock, *, plain: bool = False) -> Console:
    return Console(fd, plain=plain, now=clock.time, wall=lambda: WALL)


def test_one_line_of_json(pipe: tuple[int, int]) -> None:
    console(pipe[1], Clock()).say("started", "listening", workers=2)
    assert json.loads(os.read(pipe[0], 4096)) == {
        "timestamp": "2023-11-14T22:13:20.250Z",
        "level": "info",
        "event": "started",
        "message": "listening",
        "workers": 2,
    }


def test_a_plain_sentence_for_a_terminal_is_one_line_without_control_sequences(pipe: tuple[int, int]) -> None:
    console(pipe[1], Clock(), plain=True).say("reload", "bad\x1b[31m\nname", "error", generation=3)
    assert os.read(pipe[0], 4096) == b"22:13:20 error   bad [31m name (generation=3)\n"


def test_one_line_a_second_of_each_kind_and_the_rest_counted(pipe: tuple[int, int]) -> None:
    """F-37."""
    clock = Clock()
    lines = console(pipe[1], clock)
    for _ in range(100):
        lines.say("lag", "late")
    lines.say("other", "something else")
    clock.run_to(1.0)
    lines.say("lag", "late")
    rows = [json.loads(line) for line in os.read(pipe[0], 65536).splitlines()]
    assert [row["event"] for row in rows] == ["lag", "other", "lag"]
    assert rows[2]["suppressed"] == 99


def test_a_stderr_that_nobody_reads_never_blocks(pipe: tuple[int, int]) -> None:
    os.set_blocking(pipe[1], False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(pipe[1], b"x" * 4096)
    os.set_blocking(pipe[1], True)
    console(pipe[1], Clock()).say("started", "this would wait for ever")


def test_a_closed_stderr_is_silent(pipe: tuple[int, int]) -> None:
    os.close(pipe[0])
    console(pipe[1], Clock()).say("started", "into the void")
    os.close(pipe[1])
    console(pipe[1], Clock()).say("started", "not even a descriptor")


def test_a_long_line_stays_in_one_piece(pipe: tuple[int, int]) -> None:
    console(pipe[1], Clock()).say("stack", "x" * 100_000, more="y" * 100_000, most="z" * 100_000)
    line = os.read(pipe[0], 65536)
    assert len(line) <= LONGEST
    assert line.endswith(b"\n")


def test_the_console_of_this_process_is_stderr() -> None:
    assert stderr_console(Clock().time, lambda: WALL)._fd == 2
