from __future__ import annotations

from pathlib import Path

import pytest

from bench import __main__ as suite


@pytest.fixture(autouse=True)
def _no_pinning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suite, "share_upstream_core", lambda: None)


def test_a_table_that_is_not_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert suite.main([str(tmp_path / "none.yaml")]) == 2
    assert "none.yaml: No such file" in capsys.readouterr().err


def test_wrk_that_is_asked_for_and_not_there_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("bench.wrk.installed", lambda: None)
    assert suite.main(["--wrk"]) == 2
    assert "wrk is not installed" in capsys.readouterr().err


def test_a_table_that_the_engine_refuses_is_quoted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "routes.yaml"
    path.write_text("version: 1\nnonsense: 2\n")
    assert suite.main([str(path)]) == 2
    said = capsys.readouterr().err
    assert "does not start" in said
    assert "nonsense" in said


def test_a_run_makes_rows_a_report_and_json(tmp_path: Path) -> None:
    rooms = ["--seconds", "0.2", "--steps", "2", "--rate", "50", "--events", "3", "--into", str(tmp_path)]
    assert suite.main(rooms) == 0
    page = (tmp_path / "report.html").read_text()
    assert page.count("<svg") == 6
    assert '"requests_per_s"' in (tmp_path / "results.json").read_text()
