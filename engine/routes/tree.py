"""Hot: guarded by bench/micro/match.py. Patterns as a tree of segments, so that a thousand routes cost what ten do.

At each segment there is one look-up for its literal children and one per shape of pattern: a shape is how much literal
text stands before and after the `{name}`. Several branches may match; the route that stands first in the file wins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.program import Route
    from engine.routes.pattern import Pattern


class Leaf:
    """A route as it ends in the tree: `order` is its place in the file, `names` are its captures from left to right."""

    __slots__ = ("names", "order", "route")

    def __init__(self, route: Route, order: int, names: tuple[str, ...]) -> None:
        self.route = route
        self.order = order
        self.names = names


class Branch:
    """A place in the tree. `first` is the earliest route at or below it."""

    __slots__ = ("end", "first", "literals", "rest", "shapes")

    def __init__(self, order: int) -> None:
        self.first = order
        self.end: Leaf | None = None
        self.rest: Leaf | None = None
        self.literals: dict[str, Branch] = {}
        self.shapes: dict[tuple[int, int], dict[tuple[str, str], Branch]] = {}


class Tree:
    """The patterns of one method."""

    __slots__ = ("root",)

    def __init__(self) -> None:
        self.root: Branch | None = None

    def add(self, pattern: Pattern, leaf: Leaf) -> None:
        """Routes are added in file order, so what already stands in a place stays there."""
        branch = self.root = self.root or Branch(leaf.order)
        for segment in pattern.segments:
            if segment.name:
                shape = branch.shapes.setdefault((len(segment.before), len(segment.after)), {})
                branch = shape.setdefault((segment.before, segment.after), Branch(leaf.order))
            else:
                branch = branch.literals.setdefault(segment.before, Branch(leaf.order))
        if pattern.rest:
            branch.rest = branch.rest or leaf
        else:
            branch.end = branch.end or leaf

    def find(self, segments: Sequence[str], open_ended: bool = False) -> tuple[Leaf, tuple[str, ...]] | None:
        """The first route in file order that matches all of `segments`, and its captures, raw. `open_ended`: one that
        matches whatever may follow `segments` (how reach.py asks whether a pattern is covered)."""
        if self.root is None:
            return None
        count = len(segments)
        best: Leaf | None = None
        held: tuple[str, ...] = ()
        todo: list[tuple[Branch, int, tuple[str, ...]]] = [(self.root, 0, ())]
        while todo:
            branch, at, values = todo.pop()
            if best is not None and best.order <= branch.first:
                continue
            rest = branch.rest
            if rest is not None and (at < count or open_ended) and (best is None or rest.order < best.order):
                best, held = rest, (*values, "/".join(segments[at:]))
            if at < count:
                _descend(branch, segments[at], at + 1, values, todo)
            elif branch.end is not None and not open_ended and (best is None or branch.end.order < best.order):
                best, held = branch.end, values
        return None if best is None else (best, held)


def _descend(
    branch: Branch, segment: str, at: int, values: tuple[str, ...], todo: list[tuple[Branch, int, tuple[str, ...]]]
) -> None:
    for (before, after), children in branch.shapes.items():
        end = len(segment) - after
        if end > before:
            child = children.get((segment[:before], segment[end:]))
            if child is not None:
                todo.append((child, at, (*values, segment[before:end])))
    child = branch.literals.get(segment)
    if child is not None:
        todo.append((child, at, values))
