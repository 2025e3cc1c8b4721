"""Gemini generateContent: a stream for a client, written from deltas.

Every event is a whole response with more parts; a call comes in one piece, so its arguments wait until they are complete. With
`alt=sse` each is a `data:` line (the SDK takes a comment line for broken JSON, so nothing is sent to keep alive), without it
they are the elements of one JSON array.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from engine.answer import Began, Closed, Counted, Delta, Ended, Grew, Opened
from engine.chat import Call, Refusal, Text, Thinking
from engine.formats.gemini_generate.reply import write_fault
from engine.formats.gemini_generate.words import FINISH_WORDS
from engine.formats.gemini_generate.write_answer import signed, write_piece, write_usage

if TYPE_CHECKING:
    from engine.chat import Usage
    from engine.faults import Fault
    from engine.formats.format import Telling


class GenerateStreamWriter:
    __slots__ = ("_blocks", "_ends", "_head", "_started", "_telling", "_usage")

    def __init__(self, telling: Telling) -> None:
        self._telling = telling
        self._head: dict[str, Any] = {}
        self._usage: Usage | None = None
        self._blocks: dict[int, tuple[int, Any]] = {}  # block -> (answer, its piece)
        self._ends: list[Ended] = []
        self._started = False

    def write(self, delta: Delta) -> bytes:
        match delta:
            case Began():
                self._head = {"modelVersion": delta.model or self._telling.model, "responseId": delta.id or self._telling.id}
                self._usage = delta.usage
            case Opened():
                return self._open(delta)
            case Grew():
                return self._grow(delta)
            case Closed():
                answer, piece = self._blocks.pop(delta.block, (0, None))
                return self._parts(answer, write_piece(piece, self._telling)) if isinstance(piece, Call) else b""
            case Counted():
                self._usage = delta.usage
            case Ended():
                self._ends.append(delta)
        return b""

    def finish(self) -> bytes:
        """All answers end in the last event, with the tokens."""
        candidates = [
            {
                "content": {"parts": [{"text": ""}], "role": "model"},
                "finishReason": FINISH_WORDS[ended.finish],
                "index": ended.answer,
            }
            for ended in self._ends
        ]
        usage = {"usageMetadata": write_usage(self._usage)} if self._usage is not None else {}
        last = self._event({"candidates": candidates, **usage, **self._head})
        return last if self._telling.sse else last + b"]"

    def fail(self, fault: Fault, request_id: str) -> bytes:
        told = write_fault(fault, request_id)
        return self._framed(told) if self._telling.sse else self._framed(told) + b"]"

    def _open(self, opened: Opened) -> bytes:
        piece = opened.piece
        self._blocks[opened.block] = (opened.answer, piece)
        if isinstance(piece, Call):
            return b""  # when it is complete
        if isinstance(piece, (Text, Thinking, Refusal)) and not piece.text and not getattr(piece, "seal", None):
            return b""
        return self._parts(opened.answer, write_piece(piece, self._telling))

    def _grow(self, grew: Grew) -> bytes:
        answer, piece = self._blocks.get(grew.block, (0, None))
        if isinstance(piece, Call):
            piece.arguments += grew.text
            return b""
        if grew.logprobs:
            self._telling.losses.note("reply_logprobs")
        if grew.citation is not None:
            self._telling.losses.note("citations")
        if piece is None or not (grew.text or grew.seal):
            return b""
        thought = {"thought": True} if isinstance(piece, Thinking) else {}
        return self._parts(answer, [signed({"text": grew.text, **thought}, grew.seal)])

    def _parts(self, answer: int, parts: list[dict[str, Any]]) -> bytes:
        if not parts:
            return b""
        candidate = {"content": {"parts": parts, "role": "model"}, "index": answer}
        return self._event({"candidates": [candidate], **self._head})

    def _event(self, document: dict[str, Any]) -> bytes:
        return self._framed(orjson.dumps(document))

    def _framed(self, document: bytes) -> bytes:
        if self._telling.sse:
            return b"data: %b\n\n" % document
        before, self._started = b",\r\n" if self._started else b"[", True
        return before + document
