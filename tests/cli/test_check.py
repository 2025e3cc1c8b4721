from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from tests.tools.commands import BAD, GOOD, ROOT, ran


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GATEWAY_KEY", "gw-canary-0123456789")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    path = tmp_path / "routes.yaml"
    path.write_text(GOOD)
    return path


def test_a_good_table_is_ok_and_its_warnings_are_told(table: Path) -> None:
    told = ran("check", str(table))
    assert told.code == 0
    assert "ok (1 routes, 2 models, 2 providers)" in told.out
    assert "set OPENAI_API_KEY" in told.out


def test_warnings_can_be_denied(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ran("check", str(table), "--deny-warnings").code == 1
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-0123456789")
    assert ran("check", str(table), "--deny-warnings").code == 0


def test_every_complaint_is_told_with_its_place(table: Path) -> None:
    table.write_text(BAD)
    told = ran("check", str(table))
    assert told.code == 1
    assert told.out.count("error[R") == 2
    assert "did you mean `openai`" in told.out
    assert "did you mean `echo`" in told.out
    assert "^" in told.out


def test_json_and_github_forms(table: Path) -> None:
    table.write_text(BAD)
    rows = orjson.loads(ran("check", str(table), "--format", "json").out)
    found = rows if isinstance(rows, list) else rows["complaints"]
    assert {row["line"] for row in found if row["severity"] == "error"} == {4, 8}
    lines = ran("check", str(table), "--format", "github").out.splitlines()
    assert sum(line.startswith("::error file=") for line in lines) == 2


def test_a_missing_table_is_told_in_a_line(tmp_path: Path) -> None:
    told = ran("check", str(tmp_path / "no.yaml"))
    assert told.code == 1
    assert "does not exist" in told.err


def test_a_key_is_never_shown(table: Path) -> None:
    assert "canary" not in "".join([ran("check", str(table)).out, ran("check", str(table)).err])


def test_the_shipped_table_and_its_comments_are_good(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "GATEWAY_KEY", "OPENAI_BASE_URL", "LISTEN"):
        monkeypatch.delenv(name, raising=False)
    told = ran("check", str(ROOT / "routes.yaml"))
    assert told.code == 0, told.out
