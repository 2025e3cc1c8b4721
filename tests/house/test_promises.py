"""Every invariant and fault that concerns what exists is named by a test, and told in docs/reliability.md."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from tests.tools.promises import ABSENT, NAMED, PROMISES

ROOT = Path(__file__).parents[2]


@cache
def _named() -> frozenset[str]:
    """All that the tests' sources name, this list's own file apart."""
    files = (path for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__))
    return frozenset(name for path in files for name in NAMED.findall(path.read_text()))


@pytest.mark.parametrize("promise", sorted(PROMISES.keys() - ABSENT.keys()))
def test_a_test_names_it(promise: str) -> None:
    assert promise in _named()


def test_the_page_tells_of_every_promise() -> None:
    rows = (ROOT / "docs/reliability.md").read_text().splitlines()
    told = [row.split("|")[1].strip() for row in rows if row.startswith(("| I", "| F-"))]
    assert told == list(PROMISES), "run `pytest -m faults --promises=docs/reliability.md`"
