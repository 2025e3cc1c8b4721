"""Anthropic Messages: a provider's stream, read into deltas.

https://docs.anthropic.com/en/docs/build-with-claude/streaming: blocks by index, one open at a time; usage comes at the start
and, cumulative and overriding, with `message_delta`; `message_stop` ends it. Kinds of events and deltas that are not known
are passed over, as the page asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from engine.answer import Began, Closed, Counted, Delta, Ended, Failed, Grew, Opened, Pinged
from engine.chat import Call, Seal, Thinking
from engine.faults import Fault
from engine.formats.anthropic_messages.read_answer import read_citation, read_piece
from engine.formats.anthropic_messages.reply import usage_of
from engine.formats.anthropic_messages.words import NAME, finish_of
from engine.formats.failure import fault_of
from engine.formats.tolerant import mapping, text

if TYPE_CHECKING:
    from engine.chat import Usage
    from engine.wire.sse import Event


class MessagesStreamReader:
    __slots__ = ("_blocks", "_called", "_counts", "_done", "_finish", "_inputs", "_open", "_stop")

    def __init__(self) -> None:
        self._blocks = 0
        self._open: dict[int, int] = {}  # index -> block
        self._inputs: dict[int, str] = {}  # block -> the input that its start held, which counts only if no more comes
        self._called = False
        self._counts: dict[str, Any] = {}
        self._finish = self._stop = ""
        self._done = False

    def feed(self, event: Event) -> list[Delta]:
        if self._done:
            return []
        try:
            told = orjson.loads(event.data)
        except orjson.JSONDecodeError:
            return self._fail(Fault("upstream_bad_body"))
        told = mapping(told)
        kind = told.get("type")
        if kind == "content_block_delta":
            return self._grow(told.get("index"), mapping(told.get("delta")))
        if kind == "content_block_start":
            return self._start(told.get("index"), mapping(told.get("content_block")))
        if kind == "content_block_stop":
            return self._close(self._open.pop(told["index"], None) if isinstance(told.get("index"), int) else None)
        if kind == "message_start":
            message = mapping(told.get("message"))
            return [Began(text(message.get("id")), text(message.get("model")), self._count(message.get("usage")))]
        if kind == "message_delta":
            return self._note_end(told)
        if kind == "message_stop":
            return self._stopped()
        if kind == "error":
            return self._fail(fault_of(told.get("error")))
        return [Pinged()] if kind == "ping" else []

    def end(self) -> list[Delta]:
        if not self._done:
            raise Fault("upstream_truncated")
        return []

    def _fail(self, fault: Fault) -> list[Delta]:
        self._done = True
        return [Failed(fault)]

    def _count(self, usage: object) -> Usage | None:
        self._counts.update((key, value) for key, value in mapping(usage).items() if value is not None)
        return usage_of(self._counts)

    def _note_end(self, told: dict[str, Any]) -> list[Delta]:
        delta = mapping(told.get("delta"))
        self._finish = text(delta.get("stop_reason")) or self._finish
        self._stop = text(delta.get("stop_sequence")) or self._stop
        usage = self._count(told.get("usage"))
        return [Counted(usage)] if usage is not None else []

    def _stopped(self) -> list[Delta]:
        self._done = True
        out: list[Delta] = [closed for block in self._open.values() for closed in self._close(block)]
        self._open.clear()
        return [*out, Ended(finish_of(self._finish, self._called), self._finish, self._stop)]

    def _start(self, index: object, content: dict[str, Any]) -> list[Delta]:
        if not isinstance(index, int):
            return []
        before = self._close(self._open.pop(index, None))  # a block that was never stopped
        block = self._open[index] = self._blocks
        self._blocks += 1
        piece = read_piece(content)
        if isinstance(piece, Call):
            self._called = True
            self._inputs[block] = piece.arguments
            piece.arguments = ""
        elif isinstance(piece, Thinking) and not piece.redacted:
            piece.seal = None  # an empty one: the signature comes as a delta
        return [*before, Opened(block, piece)]

    def _grow(self, index: object, delta: dict[str, Any]) -> list[Delta]:
        block = self._open.get(index) if isinstance(index, int) else None
        if block is None:
            return []
        kind = delta.get("type")
        if kind == "text_delta":
            return [Grew(block, text(delta.get("text")))]
        if kind == "input_json_delta":
            more = text(delta.get("partial_json"))
            if more:
                self._inputs.pop(block, None)
            return [Grew(block, more)] if more else []
        if kind == "thinking_delta":
            return [Grew(block, text(delta.get("thinking")))]
        if kind == "signature_delta":
            return [Grew(block, seal=Seal(NAME, text(delta.get("signature"))))]
        if kind == "citations_delta":
            return [Grew(block, citation=read_citation(mapping(delta.get("citation"))))]
        return []

    def _close(self, block: int | None) -> list[Delta]:
        if block is None:
            return []
        whole = self._inputs.pop(block, "")
        return [*([Grew(block, whole)] if whole else []), Closed(block)]
