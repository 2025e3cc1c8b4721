import json
from pathlib import Path

import pytest

from engine.runtime.generation import Generation, Mismatch, check_table, read_message
from engine.runtime.table import Table
from tests.tools.running import table


def generation(text: str, environ: dict[str, str] | None = None) -> Generation:
    read = Table("routes.yaml", text, environ or {})
    checked, files = check_table(read)
    assert checked.program is not None, checked.complaints
    return Generation(1, read, files, checked.program)


def test_a_worker_gets_the_program_that_the_supervisor_checked() -> None:
    sent = generation(table(word="${WORD}"), {"WORD": "spoken"})
    received = read_message(json.loads(json.dumps(sent.message())))
    assert received.program.digest == sent.program.digest
    assert received.number == 1


def test_secret_files_travel_with_it_and_are_not_read_again(tmp_path: Path) -> None:
    """A file that changes or goes between two workers would give them two tables."""
    secret = tmp_path / "secret"
    secret.write_text("hidden-value-123456")
    sent = generation(table(word=f"${{file:{secret}}}"))
    assert sent.files == {str(secret): "hidden-value-123456"}
    secret.unlink()
    assert read_message(sent.message()).program.digest == sent.program.digest


def test_nothing_secret_is_in_its_name(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hidden-value-123456")
    shown = repr(generation(table(word=f"${{file:{tmp_path}/secret}}"), {"KEY": "sk-hidden"}))
    assert "hidden" not in shown


def test_a_table_that_cannot_be_compiled_is_refused() -> None:
    message = generation(table()).message()
    with pytest.raises(Mismatch):
        read_message({**message, "text": "version: 1\nnonsense: 1\n"})
    with pytest.raises(Mismatch):
        read_message({**message, "text": table(word="${file:/etc/hostname}")})  # never from the disk
