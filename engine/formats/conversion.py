"""Hot: guarded by bench/micro/conversion.py. One client call in two formats: the client's and the provider's.

Only different formats come here; equal ones pass untouched. Everything that is kept between two calls of a method is in these
objects, one per exchange: nothing is shared between requests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from engine.answer import Began, Closed, Counted, Failed, Grew, Opened, deltas_of
from engine.chat import Call
from engine.faults import Fault
from engine.formats.abridge import LARGE
from engine.formats.calls_back import CallsBack, free_text
from engine.formats.format import Heard
from engine.formats.losses import Losses
from engine.formats.noting import note_request
from engine.wire.sse import EventReader

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.answer import ChatReply, Delta
    from engine.chat import Asked, ChatRequest, Usage
    from engine.formats.format import Format, Habits, StreamReader, StreamWriter, Telling
    from engine.formats.losses import OnLoss


def read_chat(spoken: Format, asked: Asked) -> ChatRequest:
    """The client's request in the neutral shape. Raises Fault("invalid_body")."""
    # What was parsed for routing may lack the long strings.
    document = asked.document if len(asked.body) < LARGE else orjson.loads(asked.body)
    try:
        return spoken.read_request(document, asked)
    except RecursionError:
        raise Fault("invalid_body", "nested too deeply") from None


class Conversion:
    """What `spoken`, the client's format, says to a provider that speaks `theirs`, and back. `losses` after `request`."""

    __slots__ = ("_calls", "_spoken", "_telling", "losses", "theirs")

    def __init__(self, spoken: Format, theirs: Format, telling: Telling, on_loss: OnLoss) -> None:
        """`telling.chat` is what `read_chat` made of the client's request."""
        self._spoken, self.theirs = spoken, theirs
        self._telling = telling
        takes_free_text = theirs.name.startswith("openai")
        self._calls = CallsBack.of(telling.chat, theirs.name, takes_free_text, telling.id[:12])
        self.losses = Losses(theirs.name, on_loss)

    def request(self, model: str, habits: Habits) -> bytes:
        """The body for the provider, whose name for the model is `model`. Raises Fault("unsupported" | "invalid_body")."""
        chat = self._telling.chat
        chat.model = model
        note_request(chat, self.losses)
        return _dumped(self.theirs.write_request(chat, self.losses, habits))

    def reply(self, body: bytes) -> tuple[bytes, Heard]:
        """The client's body and what it tells; nothing but a fault when the provider's body is no answer."""
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError:
            document = None
        if not isinstance(document, dict):
            return b"", Heard(fault=Fault("upstream_bad_body"))
        reply = self.theirs.read_answer(document)
        if reply.fault is not None:
            return b"", Heard(reply.usage, reply.model, reply.fault)
        calls = (piece for answer in reply.answers for piece in answer.pieces if isinstance(piece, Call))
        for number, call in enumerate(calls):
            was_custom = call.custom
            self._calls.restore(call, number)
            if call.custom and not was_custom:
                call.arguments = free_text(call.arguments)
        # A client may have asked for a stream, though the provider gave none.
        write = self._streamed if self._telling.chat.stream else self._whole
        return write(reply), Heard(reply.usage, reply.model)

    def _whole(self, reply: ChatReply) -> bytes:
        return _dumped(self._spoken.write_answer(reply, self._telling))

    def _streamed(self, reply: ChatReply) -> bytes:
        writer = self._spoken.stream_writer(self._telling)
        return b"".join([*map(writer.write, deltas_of(reply)), writer.finish()])

    def told(self) -> str:
        """What was lost, for the warning header and the log; "" for nothing."""
        return self.losses.told(self._telling.losses)

    @property
    def media_type(self) -> bytes:
        """Of what the client gets."""
        return b"text/event-stream" if self._telling.chat.stream and self._telling.sse else b"application/json"

    def stream(self, request_id: str) -> ConvertedStream:
        reader, writer = self.theirs.stream_reader(), self._spoken.stream_writer(self._telling)
        return ConvertedStream(reader, writer, self._calls, request_id)


class ConvertedStream:
    """Implements ports.Pipe between two formats: events are read, told in deltas, and written anew in the turn in which they
    came. `usage` and `served` are what the stream told so far."""

    __slots__ = ("_calls", "_events", "_number", "_reader", "_request_id", "_unsaid", "_wrapped", "_writer", "served", "usage")

    def __init__(self, reader: StreamReader, writer: StreamWriter, calls: CallsBack, request_id: str) -> None:
        self._events = EventReader()
        self._reader, self._writer = reader, writer
        self._calls = calls
        self._number = 0  # calls so far
        self._wrapped: dict[int, list[str]] = {}  # blocks whose arguments wait until they can be unwrapped
        self._request_id = request_id
        self._unsaid = b""  # written, but the same piece brought the stream's failure
        self.usage: Usage | None = None
        self.served = ""

    def feed(self, chunk: bytes) -> bytes:
        """Raises Fault for the provider's own error event; what came before it is told by `fail`."""
        out: list[bytes] = []
        for event in self._events.feed(chunk):
            self._tell(self._reader.feed(event), out)
        return b"".join(out)

    def finish(self) -> bytes:
        """Raises Fault("upstream_truncated") when the stream's own end did not come."""
        out: list[bytes] = []
        self._tell(self._reader.end(), out)
        out.append(self._writer.finish())
        return b"".join(out)

    def fail(self, fault: Fault) -> bytes:
        return self._unsaid + self._writer.fail(fault, self._request_id)

    def _tell(self, deltas: Iterable[Delta], out: list[bytes]) -> None:
        write = self._writer.write
        for delta in deltas:
            if isinstance(delta, Grew):
                if delta.block in self._wrapped:
                    self._wrapped[delta.block].append(delta.text)
                else:
                    out.append(write(delta))
                continue
            if isinstance(delta, Failed):
                self._unsaid = b"".join(out)
                raise delta.fault
            if isinstance(delta, Closed) and (held := self._wrapped.pop(delta.block, None)) is not None:
                out.append(write(Grew(delta.block, free_text("".join(held)))))
            self._note(delta)
            out.append(write(delta))

    def _note(self, delta: Delta) -> None:
        if isinstance(delta, Opened) and isinstance(delta.piece, Call):
            was_custom = delta.piece.custom
            self._calls.restore(delta.piece, self._number)
            self._number += 1
            if delta.piece.custom and not was_custom:
                self._wrapped[delta.block] = []
        elif isinstance(delta, Counted):
            self.usage = delta.usage
        elif isinstance(delta, Began):
            self.served, self.usage = delta.model, delta.usage


def _dumped(document: object) -> bytes:
    try:
        return orjson.dumps(document)
    except TypeError:
        # orjson writes at most 254 levels, and no lone surrogates.
        raise Fault("invalid_body", "nested too deeply, or text that is no Unicode") from None
