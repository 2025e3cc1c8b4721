from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.runtime.table import MOST, MOST_SECRET, Unreadable, parts, read_secret_file, read_table
from tests.tools.commands import GOOD


def test_the_process_environment_wins_over_dotenv(tmp_path: Path) -> None:
    (tmp_path / "routes.yaml").write_text(GOOD)
    (tmp_path / ".env").write_text("GATEWAY_KEY=from-the-file\nOTHER=also\n")
    table = read_table(tmp_path / "routes.yaml", {"GATEWAY_KEY": "from-the-process"})
    assert table.environ == {"GATEWAY_KEY": "from-the-process", "OTHER": "also"}
    assert table.check().program is not None


def test_another_file_of_variables_may_be_named(tmp_path: Path) -> None:
    """A1, A2"""
    (tmp_path / "routes.yaml").write_text(GOOD)
    (tmp_path / ".env").write_text("BESIDE=yes\n")
    (tmp_path / "mine.env").write_text("MINE=yes\n")
    assert read_table(tmp_path / "routes.yaml", {}, tmp_path / "mine.env").environ == {"MINE": "yes"}
    assert read_table(tmp_path / "routes.yaml", {}, tmp_path / "missing.env").environ == {}


def test_a_wrong_line_of_dotenv_is_a_complaint_of_the_table(tmp_path: Path) -> None:
    (tmp_path / "routes.yaml").write_text(GOOD)
    (tmp_path / ".env").write_text("GATEWAY_KEY=gw-canary-0123456789\nthis is no assignment canary\n")
    checked = read_table(tmp_path / "routes.yaml", {}).check()
    assert checked.program is None
    assert [(c.file.endswith(".env"), c.line) for c in checked.complaints if c.severity == "error"] == [(True, 2)]
    assert "canary" not in str(checked.complaints)


def test_a_secret_file_is_read_whole_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sk-0123456789\n")
    assert read_secret_file(str(tmp_path / "key")) == "sk-0123456789\n"
    (tmp_path / "key").write_bytes(b"x" * (MOST_SECRET + 1))
    with pytest.raises(ValueError, match="too large"):
        read_secret_file(str(tmp_path / "key"))


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    (tmp_path / "routes.yaml").write_bytes(b"\xef\xbb\xbfversion: 1\n")
    assert read_table(tmp_path / "routes.yaml", {}).text == "version: 1\n"


@pytest.mark.parametrize(
    ("content", "says"), [(None, "does not exist"), (b"a: \xff", "not UTF-8"), (b"#" * (MOST + 1), "larger than 1 MiB")]
)
def test_what_cannot_be_read_is_said(tmp_path: Path, content: bytes | None, says: str) -> None:
    """F-63: a file that is missing, half a character, or too large."""
    path = tmp_path / "routes.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Unreadable, match=says):
        read_table(path, {})


def test_a_folder_is_not_a_table(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="cannot be read"):
        read_table(tmp_path, {})


def test_all_kinds_of_parts_are_there() -> None:
    assert "echo" in parts().kinds
    assert "openai_chat" in parts().formats
    assert "fallback" in parts().strategies
    assert "call" in parts().stages
    assert parts() is parts()


def test_a_pipe_that_nobody_writes_to_is_empty_and_stops_nobody(tmp_path: Path) -> None:
    """F-63: as after `engine run <(...)`, when the table is read again."""
    os.mkfifo(tmp_path / "routes.yaml")
    assert read_table(tmp_path / "routes.yaml", {}).text == ""
    assert read_secret_file(str(tmp_path / "routes.yaml")) == ""


def test_a_pipe_that_somebody_writes_to_is_read_to_its_end(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.write(writer, b"version: 1\n")
    os.close(writer)
    try:
        assert read_table(Path(f"/dev/fd/{reader}"), {}).text == "version: 1\n"
    finally:
        os.close(reader)
