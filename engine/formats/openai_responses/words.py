"""OpenAI Responses: its words for what all formats have."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.answer import Finish

NAME = "openai_responses"

# `incomplete_details.reason`, both ways. All other ends are `completed`.
REASONS: dict[str, Finish] = {"max_output_tokens": "length", "content_filter": "filter"}
REASON_WORDS: dict[Finish, str] = {finish: word for word, finish in REASONS.items()}

# Values of `include` that the neutral shape has words for.
LOGPROBS = "message.output_text.logprobs"
ENCRYPTED = "reasoning.encrypted_content"

# The provider's least; a smaller limit is refused.
LEAST_TOKENS = 16

# The kinds of items by which a client brings a call or its result back, and their fields for the free text of both.
CALLS = {"function_call": "arguments", "custom_tool_call": "input"}
RESULTS = ("function_call_output", "custom_tool_call_output")

# Tiers of other formats.
TIERS = {"standard_only": "default", "standard": "default"}

# Top-level fields that are read into the neutral shape, or say how to answer and nothing else; all others go to `rest`.
READ = frozenset(
    {
        "model", "input", "instructions", "stream", "stream_options", "tools", "tool_choice", "parallel_tool_calls",
        "max_output_tokens", "temperature", "top_p", "top_logprobs", "text", "reasoning", "include", "metadata", "user",
        "safety_identifier", "service_tier", "prompt_cache_key",
    }
)  # fmt: skip

# Values that ask for nothing another format does not do anyway.
USUAL = {"store": False, "background": False, "truncation": "disabled"}


def finish_of(status: str, reason: str, has_calls: bool) -> Finish:
    """Calls win over a good end only."""
    if status == "incomplete":
        return REASONS.get(reason, "other")
    return "calls" if has_calls else "stop"
