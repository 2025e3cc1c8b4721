from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.tools.commands import ROOT, ran


def test_the_table_as_understood_is_a_table_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-0123456789")
    monkeypatch.setenv("LISTEN", "127.0.0.1:9999")
    told = ran("echo", str(ROOT / "routes.yaml"))
    assert told.code == 0
    understood = yaml.safe_load(told.out)
    assert understood["server"]["listen"] == "127.0.0.1:9999"
    assert understood["server"]["timeouts"]["head"] == "10s"
    assert understood["providers"]["openai"]["keys"] == ["***6789"]
    assert "canary" not in told.out


def test_a_wrong_table_is_told_why(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("version: 2\n")
    assert ran("echo", str(tmp_path / "t.yaml")).code == 1
