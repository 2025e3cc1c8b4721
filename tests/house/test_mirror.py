"""tests/ mirrors engine/: every file with behaviour has the test file of its name, and no test file lacks its subject."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENGINE = ROOT / "engine"
TESTS = ROOT / "tests"
ROOMS = {p.name for p in ENGINE.iterdir() if p.is_dir()}


def has_behaviour(path: Path) -> bool:
    """Does the file define a function, other than a constructor, with a body beyond a docstring or `...`?"""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name != "__init__":
            body = [s for s in node.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
            if body:
                return True
    return False


SUBJECTS = [p for p in sorted(ENGINE.rglob("*.py")) if p.name != "__main__.py" and has_behaviour(p)]


def mirror_of(path: Path) -> Path:
    inner = path.relative_to(ENGINE)
    # A package's own __init__ is tested under the package's name.
    stem = inner.parent.name if path.name == "__init__.py" else inner.stem
    return TESTS / inner.parent / f"test_{stem}.py"


@pytest.mark.parametrize("path", SUBJECTS, ids=lambda p: str(p.relative_to(ENGINE)))
def test_every_file_with_behaviour_has_its_test(path: Path) -> None:
    assert mirror_of(path).exists(), f"{mirror_of(path).relative_to(ROOT)} is missing"


def test_no_test_lacks_its_subject() -> None:
    for test in TESTS.rglob("test_*.py"):
        inner = test.relative_to(TESTS)
        if len(inner.parts) > 1 and inner.parts[0] not in ROOMS:
            continue  # house, whole, golden: tests of the whole
        subject = ENGINE / inner.parent / f"{inner.stem.removeprefix('test_')}.py"
        package = ENGINE / inner.parent / "__init__.py"
        named_after_package = inner.parent.name == inner.stem.removeprefix("test_") and package.exists()
        assert subject.exists() or named_after_package, f"{inner} tests no file of engine/"
