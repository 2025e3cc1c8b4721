"""OpenAI Chat Completions: the tool calls of a stream, told apart by choice and index.

A call's id and name stand in its first delta and nowhere else: clients put strings of the same index together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.formats.json_documents import Documents
from engine.formats.tolerant import mapping, text

if TYPE_CHECKING:
    from engine.formats.openai_chat.tidy import Wishes


class _Call:
    """A call as the provider counts it; `index` is where the client sees it, or the last of those that it was parted into."""

    __slots__ = ("documents", "given", "index", "kind", "name", "number")

    def __init__(self, index: int, entry: dict[str, Any]) -> None:
        self.index = index
        self.given = text(entry.get("id"))
        self.kind = entry.get("type", "function")
        self.name = text(mapping(entry.get("function")).get("name"))
        self.number = 0
        self.documents = Documents()


class Calls:
    """Those of one choice."""

    __slots__ = ("_calls", "_last", "_next", "_wishes")

    def __init__(self, wishes: Wishes) -> None:
        self._wishes = wishes
        self._calls: dict[int, _Call] = {}
        self._next = 0  # no client has seen this index, nor a higher one
        self._last = 0

    def tidy(self, entries: list[Any]) -> list[Any]:
        """The `tool_calls` of one delta. Entries that are no objects stay."""
        return [tidied for entry in entries for tidied in (self._tidy(entry) if isinstance(entry, dict) else [entry])]

    def _tidy(self, entry: dict[str, Any]) -> list[dict[str, Any]]:
        index = self._index_of(entry)
        call = self._calls.get(index)
        if call is None or _is_another(call, entry):
            call = self._calls[index] = _Call(max(index, self._next), entry)
            self._next = call.index + 1
            keeps = call.given and not self._wishes.fresh
            entry = {**entry, "index": call.index, "id": call.given if keeps else self._wishes.call_id()}
        else:
            entry = {**entry, "index": call.index}
            entry.pop("id", None)
        return self._parted(call, entry)

    def _index_of(self, entry: dict[str, Any]) -> int:
        """Some hosts leave it out: then whoever has a name begins."""
        given = entry.get("index")
        if type(given) is not int or given < 0:
            begins = text(mapping(entry.get("function")).get("name"))
            given = max((*self._calls, -1)) + 1 if begins else self._last
        self._last = given
        return given

    def _parted(self, call: _Call, entry: dict[str, Any]) -> list[dict[str, Any]]:
        function = mapping(entry.get("function"))
        pieces = call.documents.feed(text(function.get("arguments")))
        if all(number == call.number for number, _ in pieces):
            return [entry]
        out = []
        for number, piece in pieces:
            if number == call.number:
                out.append({**entry, "function": {**function, "arguments": piece}})
            else:
                out.append(self._begun(call, piece))
                call.number = number
        return out

    def _begun(self, call: _Call, arguments: str) -> dict[str, Any]:
        """Another call, out of what followed a whole document."""
        call.index, self._next = self._next, self._next + 1
        function = {"name": call.name, "arguments": arguments}
        return {"index": call.index, "id": self._wishes.call_id(), "type": call.kind, "function": function}


def _is_another(call: _Call, entry: dict[str, Any]) -> bool:
    """Some hosts give every call the index 0: a name with another id begins another one."""
    given = text(entry.get("id"))
    return bool(given and given != call.given and text(mapping(entry.get("function")).get("name")))
