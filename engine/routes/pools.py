"""Pools nest: what they lead to must come to an end, and to a number of providers that can be looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from engine.routes.desk import Desk
    from engine.routes.draft import DraftPool
    from engine.routes.node import Node

# A pool of pools of pools multiplies: what one pool stands for is looked at for every model.
MOST_MEMBERS = 10_000


def members_of(pool: DraftPool) -> list[Node]:
    """The names under `of`, as far as they can be read."""
    of = pool.node.get("of")
    return [item for item in of.value if isinstance(item.value, str)] if of and isinstance(of.value, list) else []


def check_pools(pools: Mapping[str, DraftPool], desk: Desk) -> None:
    """Every circle, told once, at the first of its pools in the file; and pools that are too large."""
    if _circles(pools, desk):
        return
    sizes: dict[str, int] = {}
    for name, pool in pools.items():
        if _size(name, pools, sizes) > MOST_MEMBERS:
            desk.error(pool.node, "R008", f"pool `{name}` stands for more than {MOST_MEMBERS} providers", on_key=True)


def _circles(pools: Mapping[str, DraftPool], desk: Desk) -> bool:
    ways = {name: [str(member.value) for member in members_of(pool)] for name, pool in pools.items()}
    done: set[str] = set()
    found = False
    for start in ways:
        for circle in _walk(start, ways, done):
            found = True
            desk.error(pools[circle[0]].node, "R038", f"cycle: {_written(circle)}", on_key=True)
    return found


def _written(circle: list[str]) -> str:
    if len(circle) > 12:
        circle = [*circle[:6], f"({len(circle) - 8} more)", *circle[-2:]]
    return " -> ".join(circle)


def _walk(start: str, ways: Mapping[str, list[str]], done: set[str]) -> Iterator[list[str]]:
    """The circles on the ways from `start` over what is not done yet: `[a, b, a]`. Without recursion: a chain of pools may
    be as long as the table."""
    path: dict[str, None] = {}
    todo: list[tuple[str, bool]] = [(start, False)]
    while todo:
        name, leaving = todo.pop()
        if leaving:
            done.add(path.popitem()[0])
        elif name in path:
            so_far = list(path)
            yield [*so_far[so_far.index(name) :], name]
        elif name in ways and name not in done:
            path[name] = None
            todo.append((name, True))
            todo += [(member, False) for member in reversed(ways[name])]


def _size(name: str, pools: Mapping[str, DraftPool], sizes: dict[str, int]) -> int:
    """How many providers a pool stands for, one that is reached twice counted twice. There are no circles."""
    todo = [name]
    while todo:
        here = todo[-1]
        members = [str(m.value) for m in members_of(pools[here])] if here in pools else []
        missing = [m for m in members if m not in sizes and m in pools]
        if missing:
            todo += missing
            continue
        # Beyond the limit it need not be counted on: the numbers would double with every pool.
        sizes[todo.pop()] = min(sum(sizes.get(m, 1) for m in members), MOST_MEMBERS + 1) if here in pools else 1
    return sizes[name]
