"""The wire formats, by the name that `speaks:` and `format:` use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.formats import anthropic_messages, gemini_generate, openai_chat, openai_responses

if TYPE_CHECKING:
    from engine.formats.format import Format

_ALL: tuple[Format, ...] = (
    openai_chat.FORMAT,
    openai_responses.FORMAT,
    anthropic_messages.FORMAT,
    gemini_generate.FORMAT,
)
FORMATS: dict[str, Format] = {wire.name: wire for wire in _ALL}
