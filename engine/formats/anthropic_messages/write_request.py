"""Anthropic Messages: a request to a provider, written from the neutral shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.formats.anthropic_messages.write_messages import cached, loses_thoughts, write_messages
from engine.formats.anthropic_messages.write_thinking import Thought, think
from engine.formats.anthropic_messages.write_tools import write_tools

if TYPE_CHECKING:
    from engine.chat import ChatRequest
    from engine.formats.format import Habits
    from engine.formats.losses import Losses

HOTTEST = 1.0
_TIERS = {
    "auto": "auto",
    "priority": "auto",
    "standard_only": "standard_only",
    "default": "standard_only",
    "flex": "standard_only",
    "standard": "standard_only",
}
_IN_JSON = "Answer with JSON only: no text around it, no code fence."


def write_request(chat: ChatRequest, losses: Losses, habits: Habits) -> dict[str, Any]:
    """The document for a provider. Raises Fault("unsupported") for media that the format has no word for."""
    thought = think(chat, losses, habits)
    if thought.on and loses_thoughts(chat):
        # A turn that goes on after tool calls must bring its thoughts along, or think no more (400 otherwise).
        losses.note("thinking_lost")
        thought = Thought(thought.max_tokens)
    document: dict[str, Any] = {"model": chat.model, "max_tokens": thought.max_tokens}
    if system := _write_system(chat):
        document["system"] = system
    document["messages"] = write_messages(chat, losses)
    write_tools(document, chat, thought.on, losses)
    _write_sampling(document, chat, thought.on, losses)
    if thought.thinking:
        document["thinking"] = thought.thinking
    if config := _write_config(chat, thought):
        document["output_config"] = config
    if chat.user:
        document["metadata"] = {"user_id": chat.user}
    if chat.service_tier in _TIERS:
        document["service_tier"] = _TIERS[chat.service_tier]
    if chat.stream:
        document["stream"] = True
    return document


def _write_system(chat: ChatRequest) -> list[dict[str, Any]]:
    """Blocks, so that marks of what to cache stay where they are."""
    blocks = [cached({"type": "text", "text": text.text}, text.cache) for text in chat.system if text.text]
    if chat.output is not None and chat.output.kind == "json":
        blocks.append({"type": "text", "text": _IN_JSON})
    return blocks


def _write_sampling(document: dict[str, Any], chat: ChatRequest, thinks: bool, losses: Losses) -> None:
    if thinks and not (chat.temperature is chat.top_p is chat.top_k is None):
        losses.note("sampling_thinking")
    elif not thinks:
        if chat.temperature is not None and chat.temperature > HOTTEST:
            losses.note("temperature")
        told = {
            "temperature": None if chat.temperature is None else min(chat.temperature, HOTTEST),
            "top_p": chat.top_p,
            "top_k": chat.top_k,
        }
        document.update((key, value) for key, value in told.items() if value is not None)
    if stops := [stop for stop in chat.stop if stop.strip()]:
        document["stop_sequences"] = stops


def _write_config(chat: ChatRequest, thought: Thought) -> dict[str, Any]:
    config: dict[str, Any] = {"effort": thought.effort} if thought.effort else {}
    if chat.output is not None and chat.output.kind == "schema":
        config["format"] = {"type": "json_schema", "schema": chat.output.schema}
    return config
