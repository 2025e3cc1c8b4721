"""OpenAI Chat Completions: its words for what all formats have."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.answer import Finish

NAME = "openai_chat"

# The kind of a detail of `reasoning_details` that holds the seal of the text, which has no other place for it.
TEXT_SEAL = "text.signature"

FINISH: dict[str, Finish] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "calls",
    "function_call": "calls",
    "content_filter": "filter",
}
FINISH_WORDS: dict[Finish, str] = {
    "stop": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "calls": "tool_calls",
    "filter": "content_filter",
    "pause": "stop",
    "other": "stop",
}

# Tiers of other formats.
TIERS = {"standard_only": "default", "standard": "default"}

# Top-level fields that are read into the neutral shape; all others are the format's own and go to `rest`.
READ = frozenset(
    {
        "model", "messages", "stream", "stream_options", "tools", "tool_choice", "parallel_tool_calls", "functions",
        "function_call", "max_completion_tokens", "max_tokens", "temperature", "top_p", "seed", "frequency_penalty",
        "presence_penalty", "n", "logprobs", "top_logprobs", "stop", "response_format", "reasoning_effort", "verbosity", "user",
        "safety_identifier", "metadata", "service_tier", "prompt_cache_key",
        # What some hosts take besides, and SDKs send as `extra_body`.
        "top_k",
    }
)  # fmt: skip


def finish_of(word: str, has_calls: bool) -> Finish:
    """Several hosts say `stop` beside calls, and OpenAI does so for a forced one; calls win over that, not over the others."""
    finish = FINISH.get(word, "other" if word else "stop")
    return "calls" if has_calls and finish in ("stop", "other") else finish
