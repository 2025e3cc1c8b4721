from __future__ import annotations

import pytest

from engine.chat import ChatRequest, Reasoning
from engine.formats.anthropic_messages.write_thinking import Thought, decides_itself, think
from engine.formats.format import Habits
from engine.formats.losses import Losses

OLD, NEW = "claude-sonnet-4-5-20250929", "claude-opus-4-6"
ADAPTIVE = {"type": "adaptive"}


def enabled(budget: int) -> dict[str, object]:
    return {"type": "enabled", "budget_tokens": budget}


@pytest.mark.parametrize(
    ("model", "itself"),
    [
        ("claude-opus-4-6", True), ("claude-sonnet-4-6@20260101", True), ("claude-haiku-5", True), ("claude-sonnet-4-5", False),
        ("claude-sonnet-4-20250514", False), ("claude-3-7-sonnet-latest", False), ("other", False),
    ],
)  # fmt: skip
def test_newer_models_are_given_no_budget(model: str, itself: bool) -> None:
    assert decides_itself(model) is itself


@pytest.mark.parametrize(
    ("model", "most", "reasoning", "thought", "lost"),
    [
        (OLD, 9000, None, Thought(9000), []),
        (OLD, 9000, Reasoning("none"), Thought(9000, {"type": "disabled"}), []),
        (OLD, 9000, Reasoning(budget=0), Thought(9000, {"type": "disabled"}), []),
        (OLD, 9000, Reasoning("low"), Thought(9000, enabled(2048)), ["effort"]),
        (OLD, 9000, Reasoning(budget=5000), Thought(9000, enabled(5000)), []),
        (OLD, 9000, Reasoning(budget=10), Thought(9000, enabled(1024)), []),
        (OLD, 9000, Reasoning(budget=-1), Thought(9000, enabled(8192)), []),
        (OLD, 2000, Reasoning(budget=5000), Thought(2000, enabled(1999)), ["budget_size"]),
        (OLD, 500, Reasoning(budget=5000), Thought(500), ["budget_size"]),
        (OLD, None, Reasoning(budget=5000), Thought(9096, enabled(5000)), []),
        (NEW, 9000, Reasoning("low"), Thought(9000, ADAPTIVE, "low"), []),
        (NEW, 9000, Reasoning("xhigh"), Thought(9000, ADAPTIVE, "high"), ["effort"]),
        (NEW, 9000, Reasoning(budget=8192), Thought(9000, ADAPTIVE, "medium"), ["budget_step"]),
        (NEW, 9000, Reasoning(budget=-1), Thought(9000, ADAPTIVE), []),
    ],
)
def test_thoughts_fit_below_the_limit(
    model: str, most: int | None, reasoning: Reasoning | None, thought: Thought, lost: list[str]
) -> None:
    losses = Losses("anthropic_messages")
    assert think(ChatRequest(model, max_tokens=most, reasoning=reasoning), losses, Habits()) == thought
    assert list(losses.noted) == lost
