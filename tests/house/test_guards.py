"""Every hot file has a guard, every guard a hot file, and every guard runs."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from bench.micro.timing import load, names

ENGINE = Path(__file__).parents[2] / "engine"
GUARDS = names()


def guards_of(path: Path) -> list[str] | None:
    """The guards that a hot file's docstring names; None for a file that is not hot."""
    said = ast.get_docstring(ast.parse(path.read_text())) or ""
    return re.findall(r"\bbench/micro/(\w+)\.py\b", said) if said.startswith("Hot:") else None


HOT = {path: named for path in sorted(ENGINE.rglob("*.py")) if (named := guards_of(path)) is not None}


@pytest.mark.parametrize("path", HOT, ids=lambda path: str(path.relative_to(ENGINE)))
def test_a_hot_file_names_a_guard_that_exists(path: Path) -> None:
    assert HOT[path], "a hot file names its guard"
    assert set(HOT[path]) <= set(GUARDS)


@pytest.mark.parametrize("name", GUARDS)
def test_a_guard_is_named_by_a_hot_file(name: str) -> None:
    assert any(name in named for named in HOT.values())


@pytest.mark.parametrize("name", GUARDS)
def test_a_guard_runs(name: str) -> None:
    guard = load(name)
    assert guard.budget > 0
    guard.operation()
