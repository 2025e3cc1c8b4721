from __future__ import annotations

from tests.tools.commands import ROOT, ran


def test_every_route_of_the_shipped_table_is_listed() -> None:
    told = ran("routes", str(ROOT / "routes.yaml"))
    assert told.code == 0
    lines = told.out.splitlines()
    assert lines[0].split() == ["MATCH", "SPEAKS", "STAGES"]
    assert any("POST /v1/chat/completions" in line and "openai_chat" in line and "auth > decode" in line for line in lines)


def test_a_wrong_table_is_told_why(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "t.yaml").write_text("version: 2\n")
    told = ran("routes", str(tmp_path / "t.yaml"))
    assert told.code == 1
    assert "error[R" in told.err
