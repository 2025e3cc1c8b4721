from __future__ import annotations

import sys

import pytest

from tests.tools.commands import ran


def test_it_hands_its_options_to_the_suite(monkeypatch: pytest.MonkeyPatch) -> None:
    import bench.__main__ as suite

    heard: list[list[str]] = []
    monkeypatch.setattr(suite, "main", lambda argv: heard.append(argv) or 0)
    assert ran("bench", "--", "--seconds", "1").code == 0
    assert ran("bench", "table.yaml", "--steps", "1", "2").code == 0
    assert heard == [["--seconds", "1"], ["table.yaml", "--steps", "1", "2"]]


def test_without_the_suite_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bench.__main__", None)
    told = ran("bench")
    assert told.code == 1
    assert "checkout" in told.err
