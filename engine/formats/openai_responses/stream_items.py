"""OpenAI Responses: the items of a stream that is written, one open at a time, and the numbers of its events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from engine.chat import Call, Refusal, Text, Thinking
from engine.formats.openai_responses.words import CALLS, NAME
from engine.formats.openai_responses.write_answer import (
    item_id,
    new_message,
    write_call,
    write_citation,
    write_part,
    write_thought,
)
from engine.formats.seals import carry

if TYPE_CHECKING:
    from engine.chat import Citation, Seal
    from engine.formats.format import Telling

# Of each kind of text: the member that holds it, and the middle of its events' names.
_PARTS = {"output_text": ("text", "output_text"), "refusal": ("refusal", "refusal")}
_ARGUMENTS = {"function_call": "function_call_arguments", "custom_tool_call": "custom_tool_call_input"}


class StreamItems:
    """`output`: the items that are done."""

    __slots__ = ("_item", "_logprobs", "_number", "_part", "_said", "_telling", "output")

    def __init__(self, telling: Telling) -> None:
        self._telling = telling
        self._number = 0  # of the next event
        self._item: dict[str, Any] | None = None  # the open one
        self._part: dict[str, Any] | None = None  # the open part of a message
        self._logprobs: list[Any] = []  # of the open part
        self._said: list[str] = []  # what came for the open part, thought or call
        self.output: list[dict[str, Any]] = []

    def event(self, kind: str, **fields: Any) -> bytes:
        told = {"type": kind, "sequence_number": self._number, **fields}
        self._number += 1
        return b"event: %b\ndata: %b\n\n" % (kind.encode(), orjson.dumps(told))

    def grow(self, piece: Text | Refusal | Thinking | Call, more: str, logprobs: list[Any] | None = None) -> bytes:
        """More of the block: begins its item or part where there is none yet."""
        if isinstance(piece, Call):
            before, kind = b"", f"{_ARGUMENTS[self._open_item['type']]}.delta"
            fields: dict[str, Any] = {}
        elif isinstance(piece, Thinking):
            before, kind, fields = self._begin_summary(), "reasoning_summary_text.delta", {"summary_index": 0}
        else:
            before = self._begin_part(piece)
            fields = {"content_index": len(self._open_item["content"])}
            kind = "refusal.delta" if isinstance(piece, Refusal) else "output_text.delta"
            if isinstance(piece, Text):
                fields["logprobs"] = logprobs or []
                self._logprobs += logprobs or ()
        self._said.append(more)
        return before + self._told(kind, **fields, delta=more)

    def cite(self, citation: Citation) -> bytes:
        before = self._begin_part(Text(""))
        assert self._part is not None  # it has just begun
        annotations = self._part["annotations"]
        annotations.append(write_citation(citation))
        place = {"content_index": len(self._open_item["content"]), "annotation_index": len(annotations) - 1}
        return before + self._told("output_text.annotation.added", **place, annotation=annotations[-1])

    def open_call(self, call: Call) -> bytes:
        before = self.close()
        item = write_call(call, len(self.output), self._telling)
        word = CALLS[item["type"]]
        self._said = [call.arguments] if call.arguments else []
        item[word] = ""
        told = self._open(item)
        whole = self._told(f"{_ARGUMENTS[item['type']]}.delta", delta=call.arguments) if call.arguments else b""
        return before + told + whole

    def end_part(self) -> bytes:
        """Ends the open part of a message, which stays open."""
        part, item = self._part, self._item
        if part is None or item is None:
            return b""
        word, kind = _PARTS[part["type"]]
        part[word] = "".join(self._said)
        place = {"content_index": len(item["content"])}
        item["content"].append(part)
        self._part = None
        extra: dict[str, Any] = {"logprobs": self._logprobs} if word == "text" else {}
        part |= extra
        self._logprobs = []
        done = self._told(f"{kind}.done", **place, **{word: part[word]}, **extra)
        return done + self._told("content_part.done", **place, part=part)

    def close_thought(self, seal: Seal | None, *, redacted: bool) -> bytes:
        """A thought without a word is an item only if it is sealed."""
        if self._item is None or self._item["type"] != "reasoning":
            return self.whole_thought(seal, redacted=redacted) if seal is not None else b""
        said = "".join(self._said)
        part = {"type": "summary_text", "text": said}
        self._item["summary"] = [part]
        if seal is not None:
            self._item["encrypted_content"] = carry(seal, NAME, redacted=redacted)
        done = self._told("reasoning_summary_text.done", summary_index=0, text=said)
        return done + self._told("reasoning_summary_part.done", summary_index=0, part=part) + self.close()

    def whole_thought(self, seal: Seal, *, redacted: bool = False) -> bytes:
        before = self.close()
        item = write_thought(item_id("rs", len(self.output), self._telling), "", seal, redacted=redacted)
        return before + self._open(item) + self.close()

    def close(self, status: str = "completed") -> bytes:
        """The open item is done, if there is one."""
        item = self._item
        if item is None:
            return b""
        out = self.end_part()
        if item["type"] in CALLS:
            out += self._end_call(item)
        item["status"] = status
        out += self.event("response.output_item.done", output_index=len(self.output), item=item)
        self.output.append(item)
        self._item = None
        return out

    def _end_call(self, item: dict[str, Any]) -> bytes:
        word = CALLS[item["type"]]
        item[word] = "".join(self._said) or ("{}" if word == "arguments" else "")
        named = {"name": item["name"]} if word == "arguments" else {}
        return self._told(f"{_ARGUMENTS[item['type']]}.done", **named, **{word: item[word]})

    @property
    def _open_item(self) -> dict[str, Any]:
        assert self._item is not None  # callers have opened one
        return self._item

    def _told(self, kind: str, **fields: Any) -> bytes:
        """An event of the open item."""
        return self.event(f"response.{kind}", item_id=self._open_item["id"], output_index=len(self.output), **fields)

    def _open(self, item: dict[str, Any]) -> bytes:
        self._item = item
        return self.event("response.output_item.added", output_index=len(self.output), item=item)

    def _begin_summary(self) -> bytes:
        if self._item is not None and self._item["type"] == "reasoning":
            return b""
        before = self.close()
        self._said = []
        opened = self._open(write_thought(item_id("rs", len(self.output), self._telling), "", None))
        return before + opened + self._told("reasoning_summary_part.added", summary_index=0, part=_EMPTY_SUMMARY)

    def _begin_part(self, piece: Text | Refusal) -> bytes:
        if self._part is not None:
            return b""
        out = b""
        if self._item is None or self._item["type"] != "message":
            out = self.close()
            out += self._open(new_message(len(self.output), self._telling))
        self._said = []
        self._part = write_part(type(piece)(""))
        place = {"content_index": len(self._open_item["content"])}
        return out + self._told("content_part.added", **place, part=self._part)


_EMPTY_SUMMARY = {"type": "summary_text", "text": ""}
