"""Gemini generateContent: a provider's stream, read into deltas.

Each event is a whole response with more parts. There is no terminal event: a reason to finish must have been given, it may come
twice with content behind the first, and the end of the body decides. Counts come with every event: the last of each counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from engine.answer import Began, Closed, Counted, Delta, Ended, Failed, Grew, Opened
from engine.chat import Call, Media, Native, Text, Thinking
from engine.faults import Fault
from engine.formats.failure import fault_of
from engine.formats.gemini_generate.read_answer import BROKEN, read_citations, read_logprobs, read_part
from engine.formats.gemini_generate.reply import counts_of, usage_of
from engine.formats.gemini_generate.words import finish_of
from engine.formats.tolerant import mapping, sequence, text

if TYPE_CHECKING:
    from engine.wire.sse import Event


class _Candidate:
    """One answer: its open block of words, if any, and how it ended."""

    __slots__ = ("block", "called", "finish", "kind", "number")

    def __init__(self, number: int) -> None:
        self.number = number
        self.kind: type[Text | Thinking] | None = None
        self.block = -1
        self.called = False
        self.finish = ""


class GenerateStreamReader:
    __slots__ = ("_began", "_blocks", "_candidates", "_counts", "_failed")

    def __init__(self) -> None:
        self._began = self._failed = False
        self._blocks = 0
        self._candidates: dict[int, _Candidate] = {}
        self._counts: dict[str, Any] = {}

    def feed(self, event: Event) -> list[Delta]:
        if self._failed:
            return []
        try:
            told = mapping(orjson.loads(event.data))
        except orjson.JSONDecodeError:
            return self._fail(Fault("upstream_bad_body"))
        if told.get("error"):
            return self._fail(fault_of(told["error"]))
        out: list[Delta] = []
        if not self._began:
            self._began = True
            out.append(Began(text(told.get("responseId")), text(told.get("modelVersion"))))
        for candidate in map(mapping, sequence(told.get("candidates"))):
            self._read_candidate(candidate, out)
        if text(mapping(told.get("promptFeedback")).get("blockReason")) and not self._candidates:
            self._candidate(0).finish = "PROHIBITED_CONTENT"
        if counts := counts_of(told):
            self._counts.update(counts)
            usage = usage_of(self._counts)
            out += [Counted(usage)] if usage is not None else []
        return out

    def end(self) -> list[Delta]:
        candidates = self._candidates.values()
        if not candidates or not all(candidate.finish for candidate in candidates):
            raise Fault("upstream_truncated")
        if self._blocks == 0 and any(candidate.finish in BROKEN for candidate in candidates):
            return [Failed(Fault("upstream_error", inside=next(iter(candidates)).finish))]
        out: list[Delta] = []
        for candidate in candidates:
            self._turn(candidate, None, out)
        out += (
            Ended(finish_of(candidate.finish, candidate.called), candidate.finish, answer=candidate.number)
            for candidate in candidates
        )
        return out

    def _fail(self, fault: Fault) -> list[Delta]:
        self._failed = True
        return [Failed(fault)]

    def _candidate(self, index: object) -> _Candidate:
        number = index if isinstance(index, int) and 0 <= index < 128 else 0
        return self._candidates.setdefault(number, _Candidate(number))

    def _read_candidate(self, told: dict[str, Any], out: list[Delta]) -> None:
        candidate = self._candidate(told.get("index"))
        logprobs = read_logprobs(mapping(told.get("logprobsResult")))
        for part in sequence(mapping(told.get("content")).get("parts")):
            for piece in read_part(mapping(part)):
                self._read_piece(candidate, piece, out)
                if logprobs and isinstance(piece, Text) and isinstance(out[-1], Grew):
                    out[-1].logprobs, logprobs = logprobs, []  # of all that this event says
        if candidate.kind is Text:
            out += (Grew(candidate.block, citation=citation) for citation in read_citations(told))
        candidate.finish = text(told.get("finishReason")) or candidate.finish

    def _read_piece(self, candidate: _Candidate, piece: Text | Thinking | Call | Media | Native, out: list[Delta]) -> None:
        if isinstance(piece, (Text, Thinking)):
            if candidate.kind is not type(piece):
                self._turn(candidate, type(piece), out)
            out.append(Grew(candidate.block, piece.text, piece.seal))
            return
        self._turn(candidate, None, out)
        block = self._next_block()
        if isinstance(piece, Call):
            candidate.called = True
            opened = Call(piece.id, piece.name, seal=piece.seal)
            out += (Opened(block, opened, candidate.number), Grew(block, piece.arguments), Closed(block))
        else:
            out += (Opened(block, piece, candidate.number), Closed(block))

    def _turn(self, candidate: _Candidate, kind: type[Text | Thinking] | None, out: list[Delta]) -> None:
        if candidate.kind is not None:
            out.append(Closed(candidate.block))
        candidate.kind = kind
        if kind is not None:
            candidate.block = self._next_block()
            out.append(Opened(candidate.block, kind(""), candidate.number))

    def _next_block(self) -> int:
        self._blocks += 1
        return self._blocks - 1
