from __future__ import annotations

import pytest

from tests.tools.commands import ran


def test_all_kinds_are_listed() -> None:
    told = ran("parts").out
    for kind in ("stage:", "strategy:", "provider:", "format:"):
        assert kind in told


def test_one_kind_and_one_part() -> None:
    assert "strategy:" not in ran("parts", "stage").out
    told = ran("parts", "stage", "call").out
    assert told.startswith("call (stage)")
    assert "reads: chat, plan" in told
    assert "retries: whole number" in told


def test_an_unknown_part_suggests_a_near_one() -> None:
    told = ran("parts", "stage", "slect")
    assert told.code == 2
    assert "did you mean `select`" in told.err


@pytest.mark.parametrize("kind", ["stage", "strategy", "provider", "format"])
def test_every_part_tells_all_about_itself(kind: str) -> None:
    words = [line.split()[0] for line in ran("parts", kind).out.splitlines() if line.startswith("  ")]
    assert words
    for word in words:
        assert ran("parts", kind, word).out.startswith(f"{word} ({kind})")
