"""Anthropic Messages: its words for what all formats have."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.answer import Finish

NAME = "anthropic_messages"

FINISH: dict[str, Finish] = {
    "end_turn": "stop",
    "stop_sequence": "stop_sequence",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "calls",
    "refusal": "filter",
    "pause_turn": "pause",
}
FINISH_WORDS: dict[Finish, str] = {
    "stop": "end_turn",
    "stop_sequence": "stop_sequence",
    "length": "max_tokens",
    "calls": "tool_use",
    "filter": "refusal",
    "pause": "pause_turn",
    "other": "end_turn",
}

# Top-level fields that are read into the neutral shape; all others are the format's own and go to `rest`.
READ = frozenset(
    {
        "model", "messages", "system", "max_tokens", "stream", "temperature", "top_p", "top_k", "stop_sequences", "tools",
        "tool_choice", "thinking", "output_config", "metadata", "service_tier",
    }
)  # fmt: skip

IMAGE_TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
PDF = "application/pdf"


def finish_of(word: str, has_calls: bool) -> Finish:
    finish = FINISH.get(word, "other" if word else "stop")
    return "calls" if has_calls and finish == "stop" else finish


def finish_words(finish: Finish, stop_sequence: str) -> tuple[str, str | None]:
    """(`stop_reason`, `stop_sequence`): a sequence that the provider did not tell cannot be named."""
    if finish == "stop_sequence" and not stop_sequence:
        return "end_turn", None
    return FINISH_WORDS[finish], stop_sequence or None


def refused(finish: Finish) -> Finish:
    """The finish of an answer that holds a refusal in words: other formats say a good end beside it, this one has a reason."""
    return "filter" if finish == "stop" else finish
