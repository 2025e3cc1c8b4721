from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.commands import ROOT, ran


def test_it_hands_its_options_to_the_suite(monkeypatch: pytest.MonkeyPatch) -> None:
    import bench.__main__ as suite

    heard: list[list[str]] = []
    monkeypatch.setattr(suite, "main", lambda argv: heard.append(argv) or 0)
    assert ran("bench", "--", "--seconds", "1").code == 0
    assert ran("bench", "table.yaml", "--steps", "1", "2").code == 0
    assert heard == [["--seconds", "1"], ["table.yaml", "--steps", "1", "2"]]


def test_the_installed_command_finds_the_suite_of_the_checkout_that_it_stands_in() -> None:
    told = subprocess.run(
        [sys.executable, "-P", "-c", "from engine.cli import main; raise SystemExit(main(['bench', '--', '--help']))"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert "--steps" in told.stdout


def test_without_the_suite_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "bench.__main__", None)
    told = ran("bench")
    assert told.code == 1
    assert "checkout" in told.err
