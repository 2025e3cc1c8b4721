"""OpenAI Chat Completions: a stream for a client, written from deltas.

https://platform.openai.com/docs/api-reference/chat-streaming: every chunk has the same id, time and model; the first of an
answer names its role; a call's id and name come once; one chunk ends each answer; the tokens come last, where they were
asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from engine.answer import Began, Counted, Delta, Ended, Grew, Opened, Pinged
from engine.chat import Call, Refusal, Text, Thinking
from engine.formats.openai_chat.stream import write_stream_fault
from engine.formats.openai_chat.words import FINISH_WORDS
from engine.formats.openai_chat.write_answer import chat_id, write_citation, write_text_seal, write_usage
from engine.formats.seals import id_with

if TYPE_CHECKING:
    from engine.chat import Usage
    from engine.faults import Fault
    from engine.formats.format import Telling

_DONE = b"data: [DONE]\n\n"


class ChatStreamWriter:
    __slots__ = ("_answers", "_blocks", "_citations", "_head", "_telling", "_thoughts", "_usage", "_usage_field")

    def __init__(self, telling: Telling) -> None:
        self._telling = telling
        self._head: dict[str, Any] = {}
        # Clients that ask for tokens find `usage: null` in all chunks but the last.
        self._usage_field = {"usage": None} if telling.chat.stream_usage else {}
        self._usage: Usage | None = None
        self._blocks: dict[int, tuple[int, Any, int]] = {}  # block -> (answer, its piece, index of a call or of a thought)
        self._answers: dict[int, int] = {}  # answer -> calls so far
        self._thoughts: dict[int, int] = {}
        self._citations: dict[int, int] = {}

    def write(self, delta: Delta) -> bytes:
        match delta:
            case Began():
                head = {"id": chat_id(delta.id, self._telling), "object": "chat.completion.chunk"}
                self._head = {**head, "created": self._telling.created, "model": delta.model or self._telling.model}
                self._usage = delta.usage
                return b""
            case Opened():
                return self._open(delta)
            case Grew():
                return self._grow(delta)
            case Ended():
                return self._begin(delta.answer) + self._chunk(delta.answer, {}, FINISH_WORDS[delta.finish])
            case Counted():
                self._usage = delta.usage
                return b""
            case Pinged():
                return b": ping\n\n"
        return b""

    def finish(self) -> bytes:
        if not self._usage_field or self._usage is None:
            return _DONE
        return b"data: %b\n\n%b" % (orjson.dumps({**self._head, "choices": [], "usage": write_usage(self._usage)}), _DONE)

    def fail(self, fault: Fault, request_id: str) -> bytes:
        return write_stream_fault(fault, request_id)

    def _begin(self, answer: int) -> bytes:
        """The first chunk of an answer, once."""
        if answer in self._answers:
            return b""
        self._answers[answer] = 0
        return self._chunk(answer, {"role": "assistant", "content": "", "refusal": None})

    def _open(self, opened: Opened) -> bytes:
        answer, piece = opened.answer, opened.piece
        first = self._begin(answer)
        if isinstance(piece, Call):
            index = self._answers[answer]
            self._answers[answer] += 1
            self._blocks[opened.block] = (answer, piece, index)
            kind, word = ("custom", "input") if piece.custom else ("function", "arguments")
            call = {
                "index": index,
                "id": id_with(piece.id, piece.seal),
                "type": kind,
                kind: {"name": piece.name, word: piece.arguments},
            }
            return first + self._chunk(answer, {"tool_calls": [call]})
        index = 0
        if isinstance(piece, Thinking):
            index = self._next_thought(answer)
        self._blocks[opened.block] = (answer, piece, index)
        said = piece.text if isinstance(piece, (Text, Thinking, Refusal)) else ""
        sealed = piece.seal if isinstance(piece, (Text, Thinking)) else None
        return first + (self._grow(Grew(opened.block, said, sealed)) if said or sealed else b"")

    def _grow(self, grew: Grew) -> bytes:
        answer, piece, index = self._blocks[grew.block]
        if isinstance(piece, Call):
            word = {"custom": {"input": grew.text}} if piece.custom else {"function": {"arguments": grew.text}}
            return self._chunk(answer, {"tool_calls": [{"index": index, **word}]}) if grew.text else b""
        if isinstance(piece, Thinking):
            return self._think(answer, piece, index, grew)
        if isinstance(piece, Refusal):
            return self._chunk(answer, {"refusal": grew.text})
        if not isinstance(piece, Text):
            return b""
        out = self._chunk(answer, {"content": grew.text}, logprobs=grew.logprobs) if grew.text else b""
        if grew.seal is not None:
            out += self._chunk(answer, {"reasoning_details": [write_text_seal(self._next_thought(answer), grew.seal)]})
        if grew.citation is not None:
            out += self._chunk(
                answer, {"annotations": [{"index": self._next_citation(answer), **write_citation(grew.citation)}]}
            )
        return out

    def _next_thought(self, answer: int) -> int:
        index = self._thoughts.get(answer, 0)
        self._thoughts[answer] = index + 1
        return index

    def _next_citation(self, answer: int) -> int:
        """Clients that gather lists by `index` join what has the same."""
        index = self._citations.get(answer, 0)
        self._citations[answer] = index + 1
        return index

    def _think(self, answer: int, piece: Thinking, index: int, grew: Grew) -> bytes:
        """`index` lets clients that gather lists by it put the pieces of one thought together."""
        detail: dict[str, Any] = {"type": "reasoning.text", "index": index}
        if grew.seal is not None and piece.redacted:
            detail = {"type": "reasoning.encrypted", "index": index, "data": grew.seal.value, "format": grew.seal.issuer}
        elif grew.seal is not None:
            detail |= {"signature": grew.seal.value, "format": grew.seal.issuer}
        if grew.text:
            detail["text"] = grew.text
        said = {"reasoning_content": grew.text} if grew.text else {}
        return self._chunk(answer, {**said, "reasoning_details": [detail]})

    def _chunk(self, answer: int, delta: dict[str, Any], finish: str | None = None, logprobs: list[Any] | None = None) -> bytes:
        told = {"content": logprobs, "refusal": None} if logprobs else None
        choice = {"index": answer, "delta": delta, "logprobs": told, "finish_reason": finish}
        return b"data: %b\n\n" % orjson.dumps({**self._head, "choices": [choice], **self._usage_field})
