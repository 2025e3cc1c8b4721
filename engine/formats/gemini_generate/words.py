"""Gemini generateContent: its words for what all formats have."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.answer import Finish

NAME = "gemini_generate"

FINISH: dict[str, Finish] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "filter",
    "RECITATION": "filter",
    "LANGUAGE": "filter",
    "BLOCKLIST": "filter",
    "PROHIBITED_CONTENT": "filter",
    "SPII": "filter",
    "IMAGE_SAFETY": "filter",
    "IMAGE_PROHIBITED_CONTENT": "filter",
    "IMAGE_RECITATION": "filter",
    "MODEL_ARMOR": "filter",
}
FINISH_WORDS: dict[Finish, str] = {
    "stop": "STOP",
    "stop_sequence": "STOP",
    "length": "MAX_TOKENS",
    "calls": "STOP",
    "filter": "SAFETY",
    "pause": "STOP",
    "other": "OTHER",
}

# Fields that are read into the neutral shape; all others are the format's own and go to `rest`.
READ = frozenset({"contents", "systemInstruction", "tools", "toolConfig", "generationConfig", "model", "serviceTier", "stream"})
READ_CONFIG = frozenset(
    {
        "maxOutputTokens", "temperature", "topP", "topK", "seed", "frequencyPenalty", "presencePenalty", "candidateCount",
        "stopSequences", "responseLogprobs", "logprobs", "responseMimeType", "responseSchema", "responseJsonSchema",
        "thinkingConfig",
    }
)  # fmt: skip

# Tiers of other formats; `auto` is what saying nothing means.
TIERS = {"default": "standard", "standard_only": "standard", "flex": "flex", "priority": "priority", "standard": "standard"}

# For histories that another model made (https://ai.google.dev/gemini-api/docs/thought-signatures), in base64.
NO_SIGNATURE = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="

_under = re.compile(r"_([a-z])")
_VERSION = re.compile(r"gemini-(\d+)")


def finish_of(word: str, has_calls: bool) -> Finish:
    finish = FINISH.get(word, "other" if word else "stop")
    return "calls" if has_calls and finish == "stop" else finish


def camelled(document: dict[str, Any]) -> dict[str, Any]:
    """The service takes every field in snake_case too; of one object the keys, not of what lies in it."""
    return {_under.sub(lambda match: match[1].upper(), key): value for key, value in document.items()}


def thinks_in_levels(model: str) -> bool:
    """From version 3 on a level is said, not a budget, and calls must bring their signatures back."""
    match = _VERSION.search(model)
    return match is not None and int(match[1]) >= 3
