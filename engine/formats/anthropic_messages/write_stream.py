"""Anthropic Messages: a stream for a client, written from deltas.

The grammar is strict, and the SDK holds it: one `message_start`; blocks numbered from 0 without a gap, one open at a time; one
`message_delta`; `message_stop`. Deltas of several blocks may come in turns: what belongs to a block that is not yet open waits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from engine.answer import Began, Closed, Counted, Delta, Ended, Grew, Opened, Pinged
from engine.chat import Call, Refusal, Text, Thinking
from engine.formats.anthropic_messages.stream import write_stream_fault
from engine.formats.anthropic_messages.words import NAME, finish_words, refused
from engine.formats.anthropic_messages.write_answer import message_head, write_citation, write_piece, write_usage
from engine.formats.arguments import arguments_of
from engine.formats.seals import carry
from engine.formats.tool_names import call_id

if TYPE_CHECKING:
    from engine.chat import Seal, Usage
    from engine.faults import Fault
    from engine.formats.format import Telling


class MessagesStreamWriter:
    __slots__ = ("_current", "_ended", "_index", "_pieces", "_refused", "_seal", "_telling", "_unbegun", "_usage", "_waiting")

    def __init__(self, telling: Telling) -> None:
        self._telling = telling
        self._usage: Usage | None = None
        self._index = -1  # of the block that was opened last
        self._current: int | None = None  # the open block, as deltas number it
        self._pieces: dict[int, Any] = {}  # block -> its piece, while it is open or waits
        self._unbegun = False  # the open block is a text that has said nothing yet: an empty one is not to be seen
        self._seal: Seal | None = None  # of the open text
        self._waiting: dict[int, list[Delta]] = {}  # blocks that began while another was open, in order
        self._ended: Ended | None = None
        self._refused = False

    def write(self, delta: Delta) -> bytes:
        match delta:
            case Began():
                self._usage = delta.usage
                return self._start(delta)
            case Opened():
                return self._open(delta)
            case Grew():
                return self._grow(delta)
            case Closed():
                return self._close(delta)
            case Counted():
                self._usage = delta.usage
            case Ended():
                self._ended = self._ended or delta
            case Pinged():
                return _event("ping", {})
        return b""

    def finish(self) -> bytes:
        ended = self._ended or Ended()
        reason, sequence = finish_words(refused(ended.finish) if self._refused else ended.finish, ended.stop_sequence)
        delta = {"stop_reason": reason, "stop_sequence": sequence}
        return _event("message_delta", {"delta": delta, "usage": write_usage(self._usage)}) + _event("message_stop", {})

    def fail(self, fault: Fault, request_id: str) -> bytes:
        return write_stream_fault(fault, request_id)

    def _start(self, began: Began) -> bytes:
        message = {
            **message_head(began.id, began.model, self._telling),
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {**write_usage(began.usage), "output_tokens": began.usage.output if began.usage else 0},
        }
        return _event("message_start", {"message": message})

    def _open(self, opened: Opened) -> bytes:
        if opened.answer:
            self._telling.losses.note("reply_answers")
            return b""
        if self._current is not None:
            self._waiting[opened.block] = [opened]
            return b""
        piece = opened.piece
        if not isinstance(piece, (Text, Refusal, Thinking, Call)):
            write_piece(piece, self._telling)  # notes the loss
            return b""
        # A call has no place for a seal: it goes into a thought before it.
        before = self._whole_thought(carry(piece.seal, NAME)) if isinstance(piece, Call) and piece.seal else b""
        self._current = opened.block
        self._pieces[opened.block] = piece
        self._seal = piece.seal if isinstance(piece, Text) else None
        self._refused = self._refused or isinstance(piece, Refusal)
        self._unbegun = isinstance(piece, (Text, Refusal)) and not piece.text
        if self._unbegun:
            return before
        self._index += 1
        return before + self._begin(piece)

    def _begin(self, piece: Text | Refusal | Thinking | Call) -> bytes:
        if isinstance(piece, Call):
            block = {"type": "tool_use", "id": call_id(piece.id, NAME), "name": piece.name, "input": {}}
            start = self._block_start(block)
            return start if piece.custom else start + self._delta("input_json_delta", "partial_json", piece.arguments)
        if not isinstance(piece, Thinking):
            return self._block_start({"type": "text", "text": ""}) + self._delta("text_delta", "text", piece.text)
        if piece.redacted and piece.seal is not None:
            return self._block_start({"type": "redacted_thinking", "data": carry(piece.seal, NAME)})
        start = self._block_start({"type": "thinking", "thinking": "", "signature": ""})
        sealed = self._delta("signature_delta", "signature", carry(piece.seal, NAME) if piece.seal else "")
        return start + self._delta("thinking_delta", "thinking", piece.text) + sealed

    def _grow(self, grew: Grew) -> bytes:
        if grew.block in self._waiting:
            self._waiting[grew.block].append(grew)
            return b""
        piece = self._pieces.get(grew.block)
        if isinstance(piece, Call) and piece.custom:
            piece.arguments += grew.text  # free text goes into an object, when it is complete
            return b""
        if isinstance(piece, Call):
            return self._delta("input_json_delta", "partial_json", grew.text)
        if isinstance(piece, Thinking):
            sealed = self._delta("signature_delta", "signature", carry(grew.seal, NAME) if grew.seal else "")
            return self._delta("thinking_delta", "thinking", grew.text) + sealed
        if piece is None:
            return b""
        self._seal = grew.seal or self._seal
        out = self._begin_late() if grew.text or grew.citation else b""
        out += self._delta("text_delta", "text", grew.text)
        if grew.logprobs:
            self._telling.losses.note("reply_logprobs")
        if grew.citation is not None:
            self._telling.losses.note("citations")
            told = {"type": "citations_delta", "citation": write_citation(grew.citation)}
            out += _event("content_block_delta", {"index": self._index, "delta": told})
        return out

    def _close(self, closed: Closed) -> bytes:
        if closed.block in self._waiting:
            self._waiting[closed.block].append(closed)
            return b""
        piece = self._pieces.pop(closed.block, None)
        if piece is None:
            return b""
        self._current = None
        out: list[bytes] = []
        if isinstance(piece, Call) and piece.custom:
            out.append(self._delta("input_json_delta", "partial_json", orjson.dumps(arguments_of(piece)).decode()))
        if not self._unbegun:
            out.append(_event("content_block_stop", {"index": self._index}))
        if self._seal is not None:
            out.append(self._whole_thought(carry(self._seal, NAME)))
        self._unbegun, self._seal = False, None
        while self._waiting and self._current is None:
            waiting = self._waiting.pop(next(iter(self._waiting)))
            out += (self.write(delta) for delta in waiting)
        return b"".join(out)

    def _begin_late(self) -> bytes:
        if not self._unbegun:
            return b""
        self._unbegun = False
        self._index += 1
        return self._block_start({"type": "text", "text": ""})

    def _whole_thought(self, signature: str) -> bytes:
        self._index += 1
        start = self._block_start({"type": "thinking", "thinking": "", "signature": ""})
        stop = _event("content_block_stop", {"index": self._index})
        return start + self._delta("signature_delta", "signature", signature) + stop

    def _block_start(self, block: dict[str, Any]) -> bytes:
        return _event("content_block_start", {"index": self._index, "content_block": block})

    def _delta(self, kind: str, field: str, more: str) -> bytes:
        """b"" for nothing more."""
        return _event("content_block_delta", {"index": self._index, "delta": {"type": kind, field: more}}) if more else b""


def _event(kind: str, fields: dict[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), orjson.dumps({"type": kind, **fields}))
