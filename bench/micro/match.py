"""One literal path found, and one pattern, among a thousand routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.table import grown
from engine.program import Route
from engine.routes.match import Matcher

if TYPE_CHECKING:
    from collections.abc import Callable

BUDGET = 4.0


def operation() -> Callable[[], object]:
    written = [words["match"].partition(" ") for words in grown(1000, 1)["routes"]]
    matcher = Matcher([Route(f"{m} {path}", (m,), path, "openai_chat", False, ()) for m, _, path in written])

    def match() -> object:
        matcher.match("POST", "/v1/chat/completions")
        return matcher.match("POST", "/v1/other500/mine/completions")

    assert match() == (matcher.match("POST", "/v1/other500/x/completions")[0], {"name": "mine"})
    return match
