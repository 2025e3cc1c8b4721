"""Reasoning effort in words, and budgets of thinking tokens: what one format says in words another says in tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.chat import Reasoning
    from engine.formats.losses import Losses

# Steps in order: what an effort is worth in tokens, where only tokens are understood.
BUDGETS = {"none": 0, "minimal": 1024, "low": 2048, "medium": 8192, "high": 16384, "xhigh": 24576, "max": 32768}
AUTOMATIC = -1


def effort_of(reasoning: Reasoning | None, losses: Losses) -> str:
    """The word for it, "" for nothing to be said (the model decides). A budget becomes the nearest lower step."""
    if reasoning is None or reasoning.effort:
        return reasoning.effort if reasoning else ""
    if reasoning.budget is None or reasoning.budget == AUTOMATIC:
        return ""
    if reasoning.budget:
        losses.note("budget")
    return next(word for word, tokens in reversed(BUDGETS.items()) if tokens <= reasoning.budget)


def budget_of(reasoning: Reasoning | None, losses: Losses) -> int | None:
    """Tokens: 0 for none, -1 for as many as the model likes, None when nothing was said."""
    if reasoning is None or reasoning.budget is not None:
        return reasoning.budget if reasoning else None
    if not reasoning.effort:
        return None
    if reasoning.effort != "none":
        losses.note("effort")
    return BUDGETS.get(reasoning.effort, BUDGETS["medium"])
