from __future__ import annotations

from engine.program import Route
from engine.routes.pattern import read_path
from engine.routes.tree import Leaf, Tree


def tree(*paths: str) -> Tree:
    out = Tree()
    for order, path in enumerate(paths):
        pattern = read_path(path)
        out.add(pattern, Leaf(Route(path, (), path, "", False, ()), order, pattern.names))
    return out


def first(found: Tree, *segments: str, open_ended: bool = False) -> str:
    result = found.find(segments, open_ended)
    return result[0].route.name if result else ""


def test_an_empty_tree_finds_nothing() -> None:
    assert Tree().find(["a"]) is None


def test_of_two_equal_patterns_the_first_stays() -> None:
    found = tree("/{a}", "/{b}")
    assert found.find(["x"]) is not None
    assert first(found, "x") == "/{a}"


def test_the_longest_literal_text_does_not_win_but_the_first_route() -> None:
    assert first(tree("/{a}", "/x{a}", "/x{a}y"), "xzy") == "/{a}"
    assert first(tree("/x{a}y", "/x{a}", "/{a}"), "xzy") == "/x{a}y"


def test_what_is_captured_stays_raw() -> None:
    result = tree("/a-{x}:run/{rest...}").find(["a-%2F:run", "b", "c"])
    assert result is not None
    assert result[1] == ("%2F", "b/c")


def test_an_open_end_is_only_taken_by_a_remainder() -> None:
    found = tree("/a/{x}", "/a/b", "/a/{rest...}", "/{any...}")
    assert first(found, "a", open_ended=True) == "/a/{rest...}"
    assert first(found, "b", open_ended=True) == "/{any...}"
    assert first(found, open_ended=True) == "/{any...}"
    assert first(tree("/a/{x}", "/a/b"), "a", open_ended=True) == ""
