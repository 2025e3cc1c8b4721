"""Anthropic Messages: whether and how hard a model is asked to think, within its limit of tokens.

https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking: a budget is at least 1024 tokens and below `max_tokens`;
newer models decide for themselves (`adaptive`) and take an effort instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.formats.effort import AUTOMATIC, BUDGETS, budget_of, effort_of

if TYPE_CHECKING:
    from engine.chat import ChatRequest, Reasoning
    from engine.formats.format import Habits
    from engine.formats.losses import Losses

LEAST = 1024
_MODEL = re.compile(r"claude-(?:opus|sonnet|haiku)-(\d+)(?:-(\d{1,2}))?(?:-|$|@|:)")
_ADAPTIVE = (4, 6)
_EFFORTS = {"minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "high", "max": "max"}


@dataclass(slots=True)
class Thought:
    """`max_tokens` with room for thinking; `thinking` and `effort` as they are sent, empty for nothing to be said."""

    max_tokens: int
    thinking: dict[str, Any] = field(default_factory=dict)
    effort: str = ""

    @property
    def on(self) -> bool:
        return bool(self.thinking) and self.thinking["type"] != "disabled"


def decides_itself(model: str) -> bool:
    """From version 4.6 on a model is not given a budget."""
    match = _MODEL.search(model)
    return match is not None and (int(match[1]), int(match[2] or 0)) >= _ADAPTIVE


def think(chat: ChatRequest, losses: Losses, habits: Habits) -> Thought:
    most = chat.max_tokens or habits.max_tokens
    reasoning = chat.reasoning
    if reasoning is None:
        return Thought(most)
    if reasoning.effort == "none" or reasoning.budget == 0:
        return Thought(most, {"type": "disabled"})
    if decides_itself(chat.model):
        return Thought(most, {"type": "adaptive"}, _effort(reasoning, losses))
    budget = budget_of(reasoning, losses)
    if budget is None:
        return Thought(most)
    if budget == AUTOMATIC:
        budget = BUDGETS["medium"]
    return _within(chat, max(budget, LEAST), losses, habits)


def _effort(reasoning: Reasoning, losses: Losses) -> str:
    """ "" where the model is to decide."""
    word = effort_of(reasoning, losses)
    known = _EFFORTS.get(word, "")
    if not reasoning.effort and word:
        losses.note("budget_step")
    elif known != word:
        losses.note("effort")
    return known


def _within(chat: ChatRequest, budget: int, losses: Losses, habits: Habits) -> Thought:
    if chat.max_tokens is None:
        return Thought(habits.max_tokens + budget, {"type": "enabled", "budget_tokens": budget})
    fitting = min(budget, chat.max_tokens - 1)
    if fitting != budget:
        losses.note("budget_size")
    if fitting < LEAST:
        return Thought(chat.max_tokens)
    return Thought(chat.max_tokens, {"type": "enabled", "budget_tokens": fitting})
