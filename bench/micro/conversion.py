"""A streamed event between two formats: read, told as a delta, written anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.micro.scene import chat_events
from engine.chat import Asked
from engine.formats import FORMATS
from engine.formats.conversion import Conversion, read_chat
from engine.formats.format import Habits, Telling
from engine.formats.losses import Losses

if TYPE_CHECKING:
    from collections.abc import Callable

BUDGET = 560.0  # for 50 events

_DOCUMENT = {"model": "m", "max_tokens": 100, "stream": True, "messages": [{"role": "user", "content": "hello"}]}


def operation() -> Callable[[], object]:
    """An Anthropic client before a provider that speaks OpenAI's chat format."""
    spoken, theirs = FORMATS["anthropic_messages"], FORMATS["openai_chat"]
    chat = read_chat(spoken, Asked("m", True, b"", _DOCUMENT))
    telling = Telling(chat, "0" * 24, 1, "m", Losses(spoken.name))
    events = chat_events()

    def convert() -> bytes:
        conversion = Conversion(spoken, theirs, telling, "warn")
        conversion.request("gpt-4o", Habits())
        stream = conversion.stream("req-1")
        told = [stream.feed(event) for event in events]
        return b"".join([*told, stream.finish()])

    assert convert().endswith(b'data: {"type":"message_stop"}\n\n')
    return convert
