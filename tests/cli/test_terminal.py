from __future__ import annotations

import io
import os

import pytest

from engine.cli.terminal import Unwaiting, in_colour, open_table


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colours_only_on_a_terminal_and_never_against_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert in_colour(Screen())
    assert not in_colour(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not in_colour(Screen())
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not in_colour(Screen())


def test_a_table_that_cannot_be_read_is_told_in_a_line(capsys: pytest.CaptureFixture[str], monkeypatch, tmp_path) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    assert open_table("routes.yaml") is None
    assert "does not exist" in capsys.readouterr().err


def test_who_does_not_wait_drops_what_nobody_reads() -> None:
    """F-46: a full pipe takes nothing, and takes all again when it was read."""
    reader, writer = os.pipe()
    with open(writer, "w") as stream, open(reader, "rb", buffering=0) as reading:
        out = Unwaiting(stream)
        assert not out.isatty()
        for _ in range(100):
            print("x" * 4000, file=out)
        held = 0
        while held < 60_000:
            held += len(reading.read(65536))
        print("é \ud800", file=out)
        assert reading.read(100).endswith("é \\ud800\n".encode())


def test_what_is_no_file_has_no_reader_to_wait_for() -> None:
    stream = io.StringIO()
    print("word", file=Unwaiting(stream))
    assert stream.getvalue() == "word\n"
