from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.parts import Deed, Stage
from engine.ports import Binding
from engine.program import Program, Route, StageUse
from engine.runtime.lines import PLAIN, lay, lay_nowhere
from tests.tools.services import services


@dataclass
class Noting(Stage):
    """Binds to a deed that carries its name, and remembers its binding."""

    name: str
    seen: list[Binding]

    def bind(self, binding: Binding) -> Deed:
        self.seen.append(binding)

        def deed(exchange: Any) -> None: ...

        deed.__name__ = self.name
        return deed


@dataclass
class NotingAfter(Noting):
    after = True


def route(name: str, *stages: Stage, speaks: str = "") -> Route:
    return Route(name, ("GET",), name, speaks, True, tuple(StageUse("s", stage) for stage in stages))


def names(deeds: tuple[Deed, ...]) -> list[str]:
    return [deed.__name__ for deed in deeds]  # type: ignore[attr-defined]


def test_after_stages_come_last_whatever_their_place_and_all_share_one_box() -> None:
    seen: list[Binding] = []
    one = route("/a", NotingAfter("log", seen), Noting("first", seen), Noting("second", seen), speaks="openai_chat")
    two = route("/b", Noting("other", seen))
    made, _, _ = services()
    lines = lay(Program("d", None, {}, {}, (), None, (one, two)), made)
    assert names(lines["/a"].deeds) == ["first", "second"]
    assert names(lines["/a"].after) == ["log"]
    assert lines["/a"].format.name == "openai_chat"
    assert lines["/b"].format is PLAIN
    assert {id(binding.shared) for binding in seen} == {id(seen[0].shared)}
    assert {binding.route.name for binding in seen} == {"/a", "/b"}


def test_nowhere_takes_format_and_log_from_the_nearest_route() -> None:
    made, _, _ = services()
    near = lay(Program("d", None, {}, {}, (), None, (route("/a", NotingAfter("log", []), speaks="gemini_generate"),)), made)[
        "/a"
    ]
    nowhere = lay_nowhere(near, ())
    assert nowhere.format.name == "gemini_generate"
    assert names(nowhere.after) == ["log"]
    assert nowhere.deeds == ()
    assert lay_nowhere(None, near.after).format is PLAIN
    assert names(lay_nowhere(None, near.after).after) == ["log"]


@dataclass
class NotingSending(Noting):
    sending = True


def test_stages_for_answers_are_kept_apart_also_for_nowhere() -> None:
    made, _, _ = services()
    near = lay(
        Program(
            "d", None, {}, {}, (), None, (route("/a", NotingSending("dress", []), Noting("first", []), speaks="openai_chat"),)
        ),
        made,
    )["/a"]
    assert (names(near.deeds), names(near.sending), near.after) == (["first"], ["dress"], ())
    nowhere = lay_nowhere(near, ())
    assert names(nowhere.sending) == ["dress"]
    assert nowhere.errors is near.errors
