"""OpenAI Responses: a stream for a client, written from deltas.

https://platform.openai.com/docs/api-reference/responses-streaming: events are numbered without a gap; one item after the other
begins, grows and is done; the last event brings the whole response. Deltas of several blocks may come in turns: what belongs to
a block that is not yet open waits. An item begins when it has something to say, so that there is never an empty message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.answer import Began, Closed, Counted, Delta, Ended, Grew, Opened, Pinged
from engine.chat import Call, Refusal, Text, Thinking
from engine.formats.openai_error import error_of
from engine.formats.openai_responses.stream_items import StreamItems
from engine.formats.openai_responses.write_answer import ending, response_head, write_usage

if TYPE_CHECKING:
    from engine.chat import Seal, Usage
    from engine.faults import Fault
    from engine.formats.format import Telling

_FEATURES = {"Media": "reply_media", "Native": "reply_native"}


class ResponsesStreamWriter:
    __slots__ = ("_current", "_ended", "_items", "_piece", "_response", "_seal", "_telling", "_usage", "_waiting")

    def __init__(self, telling: Telling) -> None:
        self._telling = telling
        self._items = StreamItems(telling)
        self._response: dict[str, Any] = {}
        self._usage: Usage | None = None
        self._current: int | None = None  # the block that grows, as deltas number it
        self._piece: Text | Refusal | Thinking | Call | None = None  # its piece
        self._seal: Seal | None = None  # what came for it
        self._waiting: dict[int, list[Delta]] = {}  # blocks that began while another was open, in order
        self._ended: Ended | None = None

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
                return b": ping\n\n"
        return b""

    def finish(self) -> bytes:
        told = ending(self._ended.finish if self._ended is not None else "stop")
        last = self._items.close(told["status"])
        response = self._response | told | {"output": self._items.output, "usage": write_usage(self._usage)}
        return last + self._items.event(f"response.{told['status']}", response=response)

    def fail(self, fault: Fault, request_id: str) -> bytes:
        """The specification has the error's fields on top; the SDK raises on a nested `error` only: both are written."""
        error = error_of(fault, request_id)
        fields = {key: error[key] for key in ("code", "message", "param")}
        told = self._items.event("error", **fields, error=error)
        if not self._response:
            return told
        # Of the codes that a failed response may name, these two are ours to use.
        code = "rate_limit_exceeded" if error["type"] == "rate_limit_error" else "server_error"
        failed = {"status": "failed", "error": {"code": code, "message": error["message"]}, "output": self._items.output}
        return told + self._items.event("response.failed", response=self._response | failed)

    def _start(self, began: Began) -> bytes:
        self._response = response_head(began.id, began.model, self._telling)
        created = self._items.event("response.created", response=self._response)
        return created + self._items.event("response.in_progress", response=self._response)

    def _open(self, opened: Opened) -> bytes:
        if opened.answer:
            self._telling.losses.note("reply_answers")
            return b""
        if self._current is not None:
            self._waiting[opened.block] = [opened]
            return b""
        piece = opened.piece
        if not isinstance(piece, (Text, Refusal, Thinking, Call)):
            self._telling.losses.note(_FEATURES[type(piece).__name__])
            return b""
        self._current, self._piece, self._seal = opened.block, piece, None
        if isinstance(piece, Call):
            # A call has no place for a seal: it goes into a thought before it.
            before = self._items.whole_thought(piece.seal) if piece.seal is not None else b""
            return before + self._items.open_call(piece)
        seal = None if isinstance(piece, Refusal) else piece.seal
        return self._grow(Grew(opened.block, piece.text, seal))

    def _grow(self, grew: Grew) -> bytes:
        if grew.block in self._waiting:
            self._waiting[grew.block].append(grew)
            return b""
        if grew.block != self._current or self._piece is None:
            return b""
        self._seal = grew.seal or self._seal
        out = self._items.grow(self._piece, grew.text, grew.logprobs) if grew.text else b""
        if grew.citation is not None and isinstance(self._piece, Text):
            out += self._items.cite(grew.citation)
        return out

    def _close(self, closed: Closed) -> bytes:
        if closed.block in self._waiting:
            self._waiting[closed.block].append(closed)
            return b""
        if closed.block != self._current or self._piece is None:
            return b""
        out = [self._end_block(self._piece)]
        self._current = None
        while self._waiting and self._current is None:
            waiting = self._waiting.pop(next(iter(self._waiting)))
            out += (self.write(delta) for delta in waiting)
        return b"".join(out)

    def _end_block(self, piece: Text | Refusal | Thinking | Call) -> bytes:
        """A message stays open: what is said next may belong to it."""
        if isinstance(piece, Call):
            return self._items.close()
        if isinstance(piece, Thinking):
            return self._items.close_thought(self._seal, redacted=piece.redacted)
        out = self._items.end_part()
        return out + self._items.whole_thought(self._seal) if self._seal is not None else out
