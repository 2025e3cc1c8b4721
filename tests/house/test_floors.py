"""The floors of docs/house.md, held by reading the imports of every file."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ENGINE = Path(__file__).parents[2] / "engine"

FLOOR = {
    "wire": 1, "limits": 1,
    "formats": 2, "strategies": 2, "providers": 2,
    "routes": 3,
    "stages": 4, "server": 4, "upstream": 4, "observe": 4,
    "runtime": 5,
    "cli": 6,
}  # fmt: skip
WORLD = {"server", "upstream", "observe"}
IMPURE = {"asyncio", "socket", "ssl", "time", "random", "os", "pathlib", "logging", "httpx", "uvloop", "threading"}

FILES = sorted(ENGINE.rglob("*.py"))


def room_of(path: Path) -> str:
    parts = path.relative_to(ENGINE).parts
    return parts[0] if len(parts) > 1 else ""


def floor_of(room: str) -> int:
    return FLOOR[room] if room else 0


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            yield from (f"{module}.{alias.name}" for alias in node.names)


def engine_rooms(path: Path) -> set[str]:
    """The rooms that a file imports from; "" for the nouns at the root."""
    names = [name.split(".") for name in imports(path) if name.split(".")[0] == "engine"]
    return {parts[1] if len(parts) > 1 and parts[1] in FLOOR else "" for parts in names}


def test_every_room_has_a_floor() -> None:
    rooms = {p.name for p in ENGINE.iterdir() if p.is_dir() and not p.name.startswith("__")}
    assert rooms == set(FLOOR)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ENGINE)))
def test_a_room_imports_only_from_floors_below(path: Path) -> None:
    mine = room_of(path)
    for other in engine_rooms(path) - {mine}:
        if path == ENGINE / "__main__.py":
            continue  # hands over to cli
        assert floor_of(other) < floor_of(mine), f"{path}: {mine or 'a noun'} imports {other}"
        if mine in WORLD:
            assert floor_of(other) <= 1, f"{path}: the world half knows nouns, wire and limits only, not {other}"


@pytest.mark.parametrize("path", [p for p in FILES if floor_of(room_of(p)) <= 3], ids=lambda p: str(p.relative_to(ENGINE)))
def test_the_thinking_floors_never_touch_the_world(path: Path) -> None:
    roots = {name.split(".")[0] for name in imports(path)}
    # cli/__main__ aside, floors 0 to 3 are handed clocks, dice, text and bytes.
    if path.name != "__main__.py":
        assert not roots & IMPURE, f"{path} imports {sorted(roots & IMPURE)}"
