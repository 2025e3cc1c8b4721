"""OpenAI Responses: a request to a provider, written from the neutral shape.

Nothing is kept there: whoever speaks another format sends the whole conversation each time, thoughts included.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.chat import Thinking
from engine.formats.effort import effort_of
from engine.formats.openai_responses.words import ENCRYPTED, LEAST_TOKENS, LOGPROBS, TIERS
from engine.formats.openai_responses.write_items import is_own, system_items, write_items
from engine.formats.openai_responses.write_tools import write_format, write_tools

if TYPE_CHECKING:
    from engine.chat import ChatRequest
    from engine.formats.format import Habits
    from engine.formats.losses import Losses


def write_request(chat: ChatRequest, losses: Losses, habits: Habits) -> dict[str, Any]:  # noqa: ARG001
    """The document for a provider. Raises Fault("unsupported") for media that the format has no word for."""
    document: dict[str, Any] = {"model": chat.model}
    items = write_items(chat, losses)
    instructions = "\n\n".join(text.text for text in chat.system if text.text)
    if chat.output is not None and chat.output.kind == "json":
        # Any JSON is only given where the input itself, not the instructions, speaks of JSON.
        items = system_items(chat.system) + items
    elif instructions:
        document["instructions"] = instructions
    document["input"] = items
    write_tools(document, chat, losses)
    if chat.max_tokens is not None:
        document["max_output_tokens"] = max(chat.max_tokens, LEAST_TOKENS)
    for key in ("temperature", "top_p", "top_logprobs"):
        value = getattr(chat, key)
        if value is not None:
            document[key] = value
    told = {
        "text": _write_text(chat),
        "reasoning": _write_reasoning(chat, losses),
        "include": _write_include(chat),
        "user": chat.user,
        "metadata": chat.metadata,
        "service_tier": TIERS.get(chat.service_tier, chat.service_tier),
        "prompt_cache_key": chat.cache_key,
    }
    document.update((key, value) for key, value in told.items() if value)
    document["store"] = False
    if chat.stream:
        document["stream"] = True
    return document


def _write_text(chat: ChatRequest) -> dict[str, Any]:
    told: dict[str, Any] = {"format": write_format(chat.output)} if chat.output is not None else {}
    return told | ({"verbosity": chat.verbosity} if chat.verbosity else {})


def _write_reasoning(chat: ChatRequest, losses: Losses) -> dict[str, Any]:
    effort = effort_of(chat.reasoning, losses)
    told: dict[str, Any] = {"effort": effort} if effort else {}
    if chat.reasoning is not None and chat.reasoning.show and effort != "none":
        told["summary"] = "auto"
    return told


def _write_include(chat: ChatRequest) -> list[str]:
    """What thinks not refuses to give its thoughts, so they are asked for only where there are some."""
    reasoning = chat.reasoning
    wanted = reasoning is not None and reasoning.effort != "none" and reasoning.budget != 0
    had = any(isinstance(piece, Thinking) and is_own(piece) for message in chat.messages for piece in message.pieces)
    return [*([ENCRYPTED] if wanted or had else []), *([LOGPROBS] if chat.logprobs else [])]
