"""Tool calls of an answer, as the client knows them: its own names, ids of its own, free text where it asked for that."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import orjson

from engine.formats.tool_names import tool_name

if TYPE_CHECKING:
    from engine.chat import Call, ChatRequest


@dataclass(slots=True)
class CallsBack:
    """`names`: from the names that the provider was told to the client's own, where they differ. `wrapped`: the client's tools
    that take free text and were told as functions. `prefix` begins the ids of calls that came without one."""

    prefix: str
    names: dict[str, str] = field(default_factory=dict)
    wrapped: frozenset[str] = frozenset()

    @classmethod
    def of(cls, chat: ChatRequest, theirs: str, takes_free_text: bool, unique: str) -> CallsBack:
        """For a provider that speaks `theirs`; `unique` is this exchange's own."""
        told = ((tool_name(tool.name, theirs), tool.name) for tool in chat.tools)
        free = () if takes_free_text else (tool.name for tool in chat.tools if tool.kind == "custom")
        return cls(f"call_{unique}", {there: here for there, here in told if there != here}, frozenset(free))

    def restore(self, call: Call, number: int) -> None:
        """`number` counts the calls of the answer. A wrapped call becomes `custom`; its arguments are still to be unwrapped."""
        call.name = self.names.get(call.name, call.name)
        call.custom = call.custom or call.name in self.wrapped
        # Histories hold the calls of many answers: an id that is only unique in this one would be taken for another's.
        call.id = call.id or f"{self.prefix}{number}"


def free_text(arguments: str) -> str:
    """What stands under `input`, the only property that the function was given; the whole where it is not so."""
    try:
        told = orjson.loads(arguments)
    except orjson.JSONDecodeError:
        return arguments
    said = told.get("input") if isinstance(told, dict) else None
    return said if isinstance(said, str) else arguments
