"""OpenAI Responses: a provider's stream, read into deltas.

Items by `output_index`, since their ids change between events on some hosts, and parts of a message by `content_index`. What
an item's last event holds and no delta brought is taken from there; `response.completed`, `incomplete` and `failed` end the
stream.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from engine.answer import Began, Closed, Counted, Delta, Ended, Failed, Grew, Opened
from engine.chat import Call, Refusal, Text, Thinking
from engine.faults import Fault
from engine.formats.failure import fault_of
from engine.formats.openai_responses.read_answer import read_call, read_finish, read_item
from engine.formats.openai_responses.read_parts import read_citation
from engine.formats.openai_responses.reply import usage_of
from engine.formats.openai_responses.words import CALLS
from engine.formats.tolerant import mapping, sequence, text

if TYPE_CHECKING:
    from engine.chat import Piece
    from engine.wire.sse import Event

_ENDS = ("response.completed", "response.incomplete", "response.done")
_FAILS = ("response.failed", "response.cancelled")
# Events that bring more of a block, and its kind.
_SAID: dict[str, type[Text | Refusal | Thinking]] = {
    "response.output_text.delta": Text,
    "response.refusal.delta": Refusal,
    "response.reasoning_summary_text.delta": Thinking,
    "response.reasoning_text.delta": Thinking,
}
_ARGUMENTS = ("response.function_call_arguments.delta", "response.custom_tool_call_input.delta")


class _Item:
    """One item of the output: its blocks so far. A message has one for each of its parts."""

    __slots__ = ("blocks", "cited", "closed", "grown", "part", "said")

    def __init__(self) -> None:
        self.blocks: dict[int, int] = {}  # number of a part -> block
        self.part = -1  # the last one that grew
        self.said: type | None = None
        self.grown = False  # did a delta bring text or arguments?
        self.cited = False  # did an event of its own bring a citation?
        self.closed = False


class ResponsesStreamReader:
    __slots__ = ("_began", "_blocks", "_called", "_done", "_items", "_last")

    def __init__(self) -> None:
        self._began = self._called = self._done = False
        self._blocks = 0
        self._items: dict[int, _Item] = {}
        self._last = 0

    def feed(self, event: Event) -> list[Delta]:
        if self._done or event.data == "[DONE]":
            return []
        try:
            told = mapping(orjson.loads(event.data))
        except orjson.JSONDecodeError:
            return self._fail(Fault("upstream_bad_body"))
        kind, response = text(told.get("type")), mapping(told.get("response"))
        if kind == "error" or kind in _FAILS or (not kind and told.get("error")):
            return self._fail(fault_of(told.get("error") or response.get("error") or told))
        out: list[Delta] = []
        if not self._began and kind.startswith("response."):
            self._began = True
            out.append(Began(text(response.get("id")), text(response.get("model"))))
        if kind in _ENDS:
            self._end(response, out)
        else:
            self._read(kind, told, out)
        return out

    def end(self) -> list[Delta]:
        if not self._done:
            raise Fault("upstream_truncated")
        return []

    def _fail(self, fault: Fault) -> list[Delta]:
        self._done = True
        return [Failed(fault)]

    def _read(self, kind: str, told: dict[str, Any], out: list[Delta]) -> None:
        if kind in _SAID:
            self._grow(self._item(told), _SAID[kind], told, out)
        elif kind in _ARGUMENTS:
            item, more = self._item(told), text(told.get("delta"))
            if more and item.blocks and not item.closed:
                item.grown = True
                out.append(Grew(item.blocks[0], more))
        elif kind == "response.output_item.added":
            given = mapping(told.get("item"))
            if text(given.get("type")) in CALLS:
                call = read_call(given)
                call.arguments = ""
                self._open(self._item(told), 0, call, out)
        elif kind == "response.output_item.done":
            self._finish(self._item(told), mapping(told.get("item")), out)
        elif kind == "response.output_text.annotation.added":
            item, annotation = self._item(told), mapping(told.get("annotation"))
            if item.part in item.blocks and not item.closed and annotation.get("type") == "url_citation":
                item.cited = True
                out.append(Grew(item.blocks[item.part], citation=read_citation(annotation)))

    def _item(self, told: dict[str, Any]) -> _Item:
        index = told.get("output_index")
        if isinstance(index, int):
            self._last = index
        return self._items.setdefault(self._last, _Item())

    def _open(self, item: _Item, part: int, piece: Piece, out: list[Delta]) -> None:
        if part in item.blocks or item.closed:
            return
        self._called = self._called or isinstance(piece, Call)
        item.blocks[part], item.part = self._blocks, part
        self._blocks += 1
        out.append(Opened(item.blocks[part], piece))  # type: ignore[arg-type]  # a result is never read

    def _grow(self, item: _Item, kind: type[Text | Refusal | Thinking], told: dict[str, Any], out: list[Delta]) -> None:
        """The parts of a summary are paragraphs of one thought."""
        more, number = text(told.get("delta")), told.get("content_index", told.get("summary_index"))
        number = number if isinstance(number, int) else 0
        if not more or item.closed:
            return
        if kind is Thinking:
            more = "\n\n" + more if item.grown and item.part != number else more
            self._open(item, 0, Thinking(""), out)
            out.append(Grew(item.blocks[0], more))
        else:
            self._open(item, number, kind(""), out)
            out.append(Grew(item.blocks[number], more, logprobs=sequence(told.get("logprobs")) or None))
        item.grown, item.part = True, number

    def _finish(self, item: _Item, given: dict[str, Any], out: list[Delta]) -> None:
        """The whole item: what came as deltas is known, the seal of thoughts is new."""
        if item.closed:
            return
        for part, piece in enumerate(read_item(given)):
            self._complete(item, part, piece, out)
        self._close(item, out)

    def _complete(self, item: _Item, part: int, piece: Piece, out: list[Delta]) -> None:
        if isinstance(piece, Call):
            if not item.blocks:
                self._open(item, part, Call(piece.id, piece.name, custom=piece.custom), out)
            if not item.grown and piece.arguments:
                out.append(Grew(item.blocks[0], piece.arguments))
        elif isinstance(piece, Thinking):
            self._open(item, 0, Thinking("", id=piece.id), out)
            more = "" if item.grown else piece.text
            if more or piece.seal:
                out.append(Grew(item.blocks[0], more, piece.seal))
        elif isinstance(piece, (Text, Refusal)):
            if not item.grown:
                self._open(item, part, type(piece)(""), out)
                out.append(Grew(item.blocks[part], piece.text))
            if not item.cited and part in item.blocks and isinstance(piece, Text):
                out += (Grew(item.blocks[part], citation=each) for each in piece.citations)
        else:
            self._open(item, part, piece, out)

    def _close(self, item: _Item, out: list[Delta]) -> None:
        if not item.closed:
            item.closed = True
            out += (Closed(block) for block in item.blocks.values())

    def _end(self, response: dict[str, Any], out: list[Delta]) -> None:
        self._done = True
        if not self._blocks:  # a host that told the whole at the end only
            for index, given in enumerate(sequence(response.get("output"))):
                self._finish(self._item({"output_index": index}), mapping(given), out)
        for item in self._items.values():
            self._close(item, out)
        usage = usage_of(response)
        if usage is not None:
            out.append(Counted(usage))
        finish, raw = read_finish(response, self._called)
        out.append(Ended(finish, raw))
