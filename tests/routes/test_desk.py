from __future__ import annotations

from engine.routes.desk import MOST, MOST_GUESSES, Desk, shown
from engine.routes.node import Node


def node(value: object, line: int = 1, **more: object) -> Node:
    return Node(value, line, 1, **more)  # type: ignore[arg-type]


def test_complaints_come_in_the_order_of_the_file_and_once() -> None:
    desk = Desk("f")
    desk.warn(node(1, 9), "R054", "late")
    desk.error(node(1, 2), "R020", "early")
    desk.error(node(1, 2), "R020", "early")
    assert [(c.line, c.says) for c in desk.complaints] == [(2, "early"), (9, "late")]


def test_only_an_error_fails_a_table() -> None:
    desk = Desk("f")
    desk.warn(node(1), "R054", "x")
    assert not desk.failed
    desk.error(node(1), "R020", "x")
    assert desk.failed


def test_a_hostile_table_cannot_fill_the_desk() -> None:
    desk = Desk("f")
    for line in range(MOST + 10):
        desk.error(node(1, line), "R020", "x")
    assert len(desk.complaints) == MOST


def test_a_warning_too_many_never_hides_that_there_was_an_error() -> None:
    desk = Desk("f")
    for line in range(MOST + 1):
        desk.warn(node(1, line), "R054", "x")
    desk.error(node(1), "R020", "x")
    assert desk.failed


def test_a_suggestion_is_the_near_word_or_the_few_there_are() -> None:
    suggest = Desk("f").suggest
    assert suggest("selct", ["select", "call"]) == "did you mean `select`?"
    assert suggest("zzz", ["select", "call"]) == "there is `select`, `call`"
    assert suggest("zzz", [f"word{i}" for i in range(30)]) == ""
    assert suggest("zzz", []) == ""


def test_what_came_from_outside_the_table_is_not_quoted() -> None:
    assert shown(node("abc")) == "`abc`"
    assert shown(node(True)) == "`true`"
    assert shown(node("abc", substituted=True)) == "this value"
    assert shown(node(["abc"])) == "this value"
    assert len(shown(node("x" * 500))) < 70


def test_guessing_comes_to_an_end() -> None:
    desk = Desk("f")
    many = [f"word{i}" for i in range(MOST_GUESSES // 2)]
    assert [desk.suggest("wrod0", many) != "" for _ in range(3)] == [True, True, False]


def test_of_a_substituted_value_it_says_where_it_came_from() -> None:
    desk = Desk("f")
    given = node("s3cret", substituted=True, origin="the variable `X`")
    desk.error(given, "R023", "a")
    desk.warn(given, "R064", "b", "hint")
    desk.error(given, "R022", "c", "hint", sourced=False)
    desk.error(given, "R020", "d", on_key=True)
    hints = {c.says: c.hint for c in desk.complaints}
    came = "the value comes from the variable `X`"
    assert hints == {"a": came, "b": f"{came}; hint", "c": "hint", "d": ""}
