"""OpenAI Chat Completions: a provider's stream, read into deltas.

Flat pieces become blocks: text, thoughts, a refusal or a call begins where the stream turns to it. What hosts do differently is
taken as it comes: names that come late, calls that all say index 0 but have ids of their own, usage on any chunk, and an end
without `[DONE]`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from engine.answer import Began, Closed, Counted, Delta, Ended, Failed, Grew, Opened
from engine.chat import Call, Refusal, Text, Thinking
from engine.faults import Fault
from engine.formats.failure import fault_of
from engine.formats.openai_chat.read_answer import read_citations
from engine.formats.openai_chat.reply import usage_of
from engine.formats.openai_chat.words import finish_of
from engine.formats.tolerant import mapping, sequence, text

if TYPE_CHECKING:
    from engine.chat import Usage
    from engine.wire.sse import Event


class _Choice:
    """One answer's open blocks: at most one of words, and its calls by index."""

    __slots__ = ("block", "calls", "finish", "kind", "number")

    def __init__(self, number: int) -> None:
        self.number = number
        self.kind: type[Text | Thinking | Refusal] | None = None
        self.block = -1
        self.calls: dict[int, tuple[int, str]] = {}  # index -> (block, id)
        self.finish = ""


class ChatStreamReader:
    __slots__ = ("_began", "_blocks", "_choices", "_done", "_usage")

    def __init__(self) -> None:
        self._began = self._done = False
        self._blocks = 0
        self._choices: dict[int, _Choice] = {}
        self._usage: Usage | None = None

    def feed(self, event: Event) -> list[Delta]:
        if self._done:
            return []
        if event.data == "[DONE]":
            self._done = True
            return []
        try:
            chunk = orjson.loads(event.data)
        except orjson.JSONDecodeError:
            return self._fail(Fault("upstream_bad_body"))
        if not isinstance(chunk, dict):
            return []
        if chunk.get("error"):
            return self._fail(fault_of(chunk["error"]))
        out: list[Delta] = []
        # Azure's first chunk tells what a filter thinks of the prompt, and names neither id nor model.
        if not self._began and (chunk.get("id") or chunk.get("model") or chunk.get("choices")):
            self._began = True
            out.append(Began(text(chunk.get("id")), text(chunk.get("model"))))
        self._usage = usage_of(chunk) or self._usage
        for choice in map(mapping, sequence(chunk.get("choices"))):
            self._read_choice(choice, out)
        return out

    def end(self) -> list[Delta]:
        finished = self._choices and all(choice.finish for choice in self._choices.values())
        if not finished and not (self._done and self._began):
            raise Fault("upstream_truncated")
        out: list[Delta] = []
        for choice in self._choices.values():
            self._turn(choice, None, out)
            out += (Closed(block) for block, _ in choice.calls.values())
        if self._usage is not None:
            out.append(Counted(self._usage))
        out += (
            Ended(finish_of(choice.finish, bool(choice.calls)), choice.finish, answer=choice.number)
            for choice in self._choices.values()
        )
        return out

    def _fail(self, fault: Fault) -> list[Delta]:
        self._done = True
        return [Failed(fault)]

    def _read_choice(self, told: dict[str, Any], out: list[Delta]) -> None:
        index = told.get("index")
        number = index if isinstance(index, int) and 0 <= index < 128 else 0
        choice = self._choices.setdefault(number, _Choice(number))
        delta = mapping(told.get("delta"))
        self._grow(choice, Thinking, text(delta.get("reasoning_content")) or text(delta.get("reasoning")), out)
        self._grow(choice, Text, text(delta.get("content")), out, told.get("logprobs"))
        self._grow(choice, Refusal, text(delta.get("refusal")), out)
        if delta.get("annotations") and choice.kind is Text:
            out += (Grew(choice.block, citation=citation) for citation in read_citations(delta))
        for call in map(mapping, sequence(delta.get("tool_calls"))):
            self._read_call(choice, call, out)
        if word := text(told.get("finish_reason")):
            choice.finish = word

    def _grow(
        self, choice: _Choice, kind: type[Text | Thinking | Refusal], more: str, out: list[Delta], logprobs: object = None
    ) -> None:
        if not more:
            return
        if choice.kind is not kind:
            self._turn(choice, kind, out)
        out.append(Grew(choice.block, more, logprobs=sequence(mapping(logprobs).get("content")) or None))

    def _turn(self, choice: _Choice, kind: type[Text | Thinking | Refusal] | None, out: list[Delta]) -> None:
        if choice.kind is not None:
            out.append(Closed(choice.block))
        choice.kind = kind
        if kind is not None:
            choice.block = self._next_block()
            out.append(Opened(choice.block, kind(""), choice.number))

    def _next_block(self) -> int:
        self._blocks += 1
        return self._blocks - 1

    def _read_call(self, choice: _Choice, call: dict[str, Any], out: list[Delta]) -> None:
        told = mapping(call.get("function")) or mapping(call.get("custom"))
        at = self._place(choice, call)
        if at not in choice.calls:
            self._turn(choice, None, out)
            block, known = self._next_block(), text(call.get("id"))
            choice.calls[at] = (block, known)
            out.append(Opened(block, Call(known, text(told.get("name")), custom=call.get("type") == "custom"), choice.number))
        if more := text(told.get("arguments")) or text(told.get("input")):
            out.append(Grew(choice.calls[at][0], more))

    @staticmethod
    def _place(choice: _Choice, call: dict[str, Any]) -> int:
        """By index; a new id under an index that is taken, or under none, is a new call."""
        index, name = call.get("index"), text(call.get("id"))
        at = index if isinstance(index, int) else (len(choice.calls) - (not name))
        taken = choice.calls[at][1] != name if at in choice.calls else not isinstance(index, int)
        if name and taken:
            known = (place for place, (_, other) in choice.calls.items() if other == name)
            return next(known, max(choice.calls, default=-1) + 1)
        return max(at, 0)
