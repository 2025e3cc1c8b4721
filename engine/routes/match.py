"""Hot: guarded by bench/micro/match.py. Which route takes a request: the first in file order.

Literal paths are one dictionary look-up; patterns stand in a tree (tree.py).
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import unquote

from engine.faults import Fault
from engine.routes.pattern import Pattern, read_path
from engine.routes.tree import Leaf, Tree

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.program import Route

_NOTHING: Mapping[str, str] = MappingProxyType({})
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


class Matcher:
    """All routes of a program. Immutable once built."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._literals: dict[str, dict[str, Route]] = {}
        self._trees: dict[str, Tree] = {}
        self._near: dict[str, Route] = {}
        self._deepest = 1
        for order, route in enumerate(routes):
            self._add(route, order)

    def _add(self, route: Route, order: int) -> None:
        pattern = read_path(route.pattern)
        for method in route.methods:
            literals, tree = self._literals.setdefault(method, {}), self._trees.setdefault(method, Tree())
            if pattern.literal and tree.find(route.pattern[1:].split("/")) is None:
                literals.setdefault(route.pattern, route)
            elif not pattern.literal:
                tree.add(pattern, Leaf(route, order, pattern.names))
        if route.speaks:
            self._learn_prefixes(pattern, route)

    def _learn_prefixes(self, pattern: Pattern, route: Route) -> None:
        path = ""
        for depth, segment in enumerate(pattern.segments, 1):
            if segment.name or not segment.before:
                break
            path += "/" + segment.before
            self._near.setdefault(path, route)
            self._deepest = max(self._deepest, depth)

    def match(self, method: str, path: str) -> tuple[Route, Mapping[str, str]]:
        """(route, captures, percent-decoded). Raises Fault("not_found" | "method_not_allowed" with Allow | "bad_request"
        for percent-encoding that is none)."""
        literals = self._literals.get(method)
        if literals is not None:
            route = literals.get(path)
            if route is not None:
                return route, _NOTHING
        found = self._find(method, path)
        if found is None and method == "HEAD":
            found = self._find("GET", path)
        if found is not None:
            return found[0], _decoded(found[1]) if found[1] else _NOTHING
        raise self._refusal(path)

    def _find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        literals = self._literals.get(method)
        if literals is None:
            return None
        route = literals.get(path)
        if route is not None:
            return route, {}
        if not path.startswith("/"):  # `OPTIONS *` (RFC 9112 section 3.2.4)
            return None
        found = self._trees[method].find(path[1:].split("/"))
        if found is None:
            return None
        leaf, values = found
        return leaf.route, dict(zip(leaf.names, values, strict=True))

    def _refusal(self, path: str) -> Fault:
        allowed = self.allowed(path)
        if not allowed:
            return Fault("not_found")
        return Fault("method_not_allowed", headers=((b"allow", ", ".join(allowed).encode()),))

    def allowed(self, path: str) -> tuple[str, ...]:
        """The methods that this path takes, sorted; HEAD wherever GET is."""
        methods = {method for method in self._literals if self._find(method, path)}
        return tuple(sorted(methods | {"HEAD"} if "GET" in methods else methods))

    def nearest(self, path: str) -> Route | None:
        """The route in whose format an error under `path` is written: one that takes the path with another method, else
        the first that shares the longest literal beginning, segment by segment; None when none does."""
        for method in self._literals:
            found = self._find(method, path)
            if found is not None and found[0].speaks:
                return found[0]
        # A path may hold thousands of slashes; no beginning is longer than the deepest route.
        segments = path.split("/", self._deepest + 1)[: self._deepest + 1]
        while len(segments) > 1:
            route = self._near.get("/".join(segments))
            if route is not None:
                return route
            segments.pop()
        return None


def _decoded(captures: dict[str, str]) -> dict[str, str]:
    """A `%2F` becomes a slash inside its capture: the path was cut before it was decoded."""
    for name, value in captures.items():
        if "%" in value:
            if _BAD_PERCENT.search(value):
                raise Fault("bad_request", "the path's percent-encoding is not valid")
            try:
                captures[name] = unquote(value, errors="strict")
            except UnicodeDecodeError:
                raise Fault("bad_request", "the path's percent-encoding is not UTF-8") from None
    return captures
