"""OpenAI Responses: a client's items, read into turns.

What a model gave stands as an item each (thoughts, a message, calls) and becomes one turn of the assistant; the results of its
calls become the beginning of one turn of the user.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.chat import Call, Media, Message, Native, Result, Text, Thinking
from engine.formats.demand import a_string, an_object, below, items, maybe, needed
from engine.formats.document import wrong
from engine.formats.openai_responses.read_parts import read_parts
from engine.formats.openai_responses.words import CALLS, NAME, RESULTS
from engine.formats.seals import opened_thought
from engine.formats.tolerant import mapping, sequence, text

if TYPE_CHECKING:
    from engine.chat import Piece

REFERENCE = "item_reference"


def read_items(given: object) -> list[Message]:
    """Raises Fault("invalid_body")."""
    turns = _Turns()
    for raw, where in items(given, "input"):
        item = an_object(raw, where)
        kind = maybe(item, "type", a_string, where) or "message"
        if kind == "message":
            turns.add_message(*_read_message(item, where))
        elif kind in CALLS:
            turns.add_said(_read_call(item, where, custom=kind != "function_call"))
        elif kind in RESULTS:
            turns.add_result(_read_result(item, where))
        elif kind == "reasoning":
            thought = read_thought(item)
            if thought.text or thought.seal:
                turns.add_said(thought)
        elif kind != REFERENCE:
            turns.add_said(Native(NAME, item))
    return turns.messages


def references(given: object) -> list[str]:
    """The ids of items that are kept at the provider."""
    found = (item for item in map(mapping, sequence(given)) if item.get("type") == REFERENCE)
    return [text(item.get("id")) for item in found]


class _Turns:
    """The turns so far, and the names of the calls in them, by id."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._names: dict[str, str] = {}

    def _last(self, role: str) -> Message | None:
        last = self.messages[-1] if self.messages else None
        return last if last is not None and last.role == role else None

    def add_message(self, message: Message, pieces: list[Piece]) -> None:
        last = self._last(message.role)
        if last is None or not self._goes_on(last):
            self.messages.append(message)
            last = message
        last.pieces += pieces

    @staticmethod
    def _goes_on(last: Message) -> bool:
        """Behind results the user speaks in the same turn; an assistant does so with thoughts or calls before, but two messages
        alone are two."""
        if last.role == "user":
            return all(isinstance(piece, Result) for piece in last.pieces)
        return last.role == "assistant" and (
            isinstance(last.pieces[-1:] and last.pieces[-1], Thinking) or any(isinstance(piece, Call) for piece in last.pieces)
        )

    def add_said(self, piece: Piece) -> None:
        if isinstance(piece, Call):
            self._names[piece.id] = piece.name
        last = self._last("assistant")
        if last is None:
            last = Message("assistant")
            self.messages.append(last)
        last.pieces.append(piece)

    def add_result(self, result: Result) -> None:
        result.name = self._names.get(result.id, "")
        last = self._last("user")
        if last is None:
            self.messages.append(Message("user", [result]))
            return
        behind = sum(isinstance(piece, Result) for piece in last.pieces)
        last.pieces.insert(behind, result)


def _read_message(item: dict[str, Any], where: str) -> tuple[Message, list[Piece]]:
    role = needed(item, "role", a_string, where)
    pieces = read_parts(item.get("content"), below(where, "content"))
    if role in ("system", "developer"):
        return Message("system", developer=role == "developer"), pieces
    if role in ("user", "assistant"):
        return Message(role), pieces  # type: ignore[arg-type]  # one of the two
    raise wrong(below(where, "role"), "must be system, developer, user or assistant")


def _read_call(item: dict[str, Any], where: str, *, custom: bool) -> Call:
    said = maybe(item, "input" if custom else "arguments", a_string, where) or ""
    return Call(needed(item, "call_id", a_string, where), needed(item, "name", a_string, where), said, custom=custom)


def _read_result(item: dict[str, Any], where: str) -> Result:
    pieces = read_parts(item.get("output"), below(where, "output"))
    inner = [piece for piece in pieces if isinstance(piece, (Text, Media))]
    return Result(needed(item, "call_id", a_string, where), pieces=inner)


def read_thought(item: dict[str, Any]) -> Thinking:
    """A reasoning item, of a client or of a provider: nothing is demanded of it."""
    parts = sequence(item.get("summary")) or sequence(item.get("content"))
    said = "\n\n".join(filter(None, (text(mapping(part).get("text")) for part in parts)))
    thought = opened_thought(said, text(item.get("encrypted_content")), NAME)
    thought.id = text(item.get("id"))
    return thought
