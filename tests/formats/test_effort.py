from __future__ import annotations

import pytest

from engine.chat import Reasoning
from engine.formats.effort import BUDGETS, budget_of, effort_of
from engine.formats.losses import CHAT, GEMINI, Losses


@pytest.mark.parametrize(
    ("reasoning", "word", "noted"),
    [
        (None, "", []),
        (Reasoning(), "", []),
        (Reasoning("high"), "high", []),
        (Reasoning("high", 1), "high", []),
        (Reasoning(budget=-1), "", []),
        (Reasoning(budget=0), "none", []),
        (Reasoning(budget=1), "none", ["budget"]),
        (Reasoning(budget=1024), "minimal", ["budget"]),
        (Reasoning(budget=8191), "low", ["budget"]),
        (Reasoning(budget=10**6), "max", ["budget"]),
    ],
)
def test_the_word_for_an_effort(reasoning: Reasoning | None, word: str, noted: list[str]) -> None:
    losses = Losses(CHAT)
    assert (effort_of(reasoning, losses), list(losses.noted)) == (word, noted)


@pytest.mark.parametrize(
    ("reasoning", "budget", "noted"),
    [
        (None, None, []),
        (Reasoning(), None, []),
        (Reasoning(budget=5), 5, []),
        (Reasoning("high", 5), 5, []),
        (Reasoning("none"), 0, []),
        (Reasoning("high"), 16384, ["effort"]),
        (Reasoning("enormous"), 8192, ["effort"]),
    ],
)
def test_the_tokens_for_an_effort(reasoning: Reasoning | None, budget: int | None, noted: list[str]) -> None:
    losses = Losses(GEMINI)
    assert (budget_of(reasoning, losses), list(losses.noted)) == (budget, noted)


@pytest.mark.parametrize("word", BUDGETS)
def test_a_word_that_became_tokens_is_that_word_again(word: str) -> None:
    assert effort_of(Reasoning(budget=budget_of(Reasoning(word), Losses(GEMINI))), Losses(CHAT)) == word
