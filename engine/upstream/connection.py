"""Hot: guarded by bench/micro/upstream.py. One connection to a provider: one request at a time, one after another (I8).

Its life: dialled -> (asked -> answered)* -> closed. Between two requests it lies idle in the pool, still being read, so that an
end of file or a byte that nobody asked for closes it the moment it arrives (I7, F-21, F-22).

One timer serves the whole life: idle in the pool, waiting for the head, waiting between bytes, and the end of all patience.
"""

from __future__ import annotations

import asyncio
import select
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, cast

from engine.deadlines import Deadline
from engine.faults import Fault
from engine.ports import Patience
from engine.upstream.acknowledged import bytes_acknowledged
from engine.upstream.reply import PooledReply
from engine.wire.reader import ResponseReader

if TYPE_CHECKING:
    from engine.wire.head import ResponseHead

# An idle close that crosses our request on the way shows within about a round trip. Later than this, the provider may well
# have worked on the request before it broke.
RACE = 1.0

_LONG = 86400.0  # event loops do not take an infinite timer


class Owner(Protocol):
    """Whose connection it is: the pool. `takes_gzip`: whoever reads its answers undoes that coding."""

    takes_gzip: bool

    def free(self, connection: Connection, reusable: bool) -> None:
        """The request is over, one way or the other. Said exactly once per request."""

    def gone(self, connection: Connection, desync: bool) -> None:
        """A connection that is not in use is closed; `desync`: because of bytes that nobody asked for."""


class Connection(asyncio.Protocol):
    __slots__ = (
        "_answered",
        "_asked_at",
        "_clock",
        "_heard_at",  # when the last bytes came, or were allowed to come
        "_keep",
        "_loop",
        "_now",
        "_owner",
        "_patience",
        "_paused",
        "_poll",
        "_reader",
        "_reply",
        "_sent",  # bytes of all requests before the current one
        "_size",  # bytes of the current one
        "_transport",
        "_unheard",  # the peer closed without having acknowledged any of the current one
        "_until",
        "asked",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop, owner: Owner, keep: float) -> None:
        """`keep`: how long it may lie idle, in seconds."""
        self._loop = loop
        self._now = loop.time
        self._owner = owner
        self._keep = keep
        self._clock = Deadline(loop.call_at, loop.time, self._late)
        self._reader = ResponseReader()
        self._poll = select.poll()
        self._transport: asyncio.Transport | None = None
        self._reply: PooledReply | None = None
        self._patience = Patience(0.0, 0.0, 0.0, 0.0)
        self._until = 0.0
        self._asked_at = 0.0
        self._heard_at = 0.0
        self._answered = False  # a byte of the current answer has come
        self._paused = False
        self._sent = self._size = 0
        self._unheard = False
        self.asked = 0

    # What the pool does.

    def is_usable(self) -> bool:
        """Looks at the socket itself: what has arrived since the loop last looked counts as well (F-21b)."""
        transport = self._transport
        return transport is not None and not transport.is_closing() and not self._poll.poll(0)

    def ask(self, method: str, writes: tuple[bytes, ...], patience: Patience) -> PooledReply:
        """Sends a request; the reply's `head` waits for its answer. In every case the owner hears `free` once, when the
        whole answer is over."""
        reply = self._reply = PooledReply(self, self._loop)
        self._patience = patience
        self._asked_at = now = self._now()
        until = now + _LONG
        self._until = until = patience.until if patience.until < until else until
        self.asked += 1
        self._answered = False
        transport = self._transport
        if transport is None or transport.is_closing():
            self._fail(Fault("upstream_reset"))
            return reply
        self._reader.expect(method, patience.most)
        self._sent += self._size
        size = 0
        for data in writes:
            size += len(data)
            transport.write(data)
        self._size = size
        due = now + patience.first_byte
        self._clock.set(due if due < until else until)
        return reply

    def was_closed_idle(self, fault: Fault) -> bool:
        """Did the request meet a connection that the provider had closed before it came? Then no byte of the request was
        acknowledged: the provider cannot have acted on it (F-21c)."""
        return self._unheard and self.met_a_close(fault)

    def met_a_close(self, fault: Fault) -> bool:
        """Did no byte of an answer come, on a connection that had served before, and did it end right after we wrote? A
        provider that closes with an unread request in its buffer resets, and proves nothing."""
        return fault.code == "upstream_reset" and self.asked > 1 and self._loop.time() - self._asked_at < RACE

    def abort(self) -> None:
        self._clock.close()
        if self._transport is not None:
            self._transport.abort()

    # What the reply does.

    def pause(self) -> None:
        """Stops reading. Meanwhile only the last clock runs: the wait is ours, not the provider's."""
        if not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()
            self._clock.set(self._until)

    def resume(self) -> None:
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
            self._wait_for_more()

    def drop(self) -> None:
        """Nobody wants the rest of the answer."""
        self._fail(Fault("client_gone"))

    # What the event loop does.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN)

    def data_received(self, data: bytes) -> None:
        reply = self._reply
        if reply is None:
            self._close_idle(desync=True)
            return
        try:
            if reply.status:
                self._heard_at = self._now()
                # As `_pass_through`, without a call more for each event of a stream.
                piece = self._reader.pass_through(data)
                if piece:
                    reply.push(piece)
                if self._reader.ended and self._reply is reply:
                    self._end_body(reply)
            else:
                self._answered = True
                head, body = self._reader.begin(data)
                if body is not None and head is not None:
                    self._pass_on_whole(reply, head, body)
                elif head is not None:
                    self._start_body(reply, head)
                    self._pass_on(reply)
        except Exception as error:
            self._rescue(reply)
            self._fail(error)

    def eof_received(self) -> None:
        reply = self._reply
        if reply is None:
            self._close_idle()
            return
        self._unheard = not self._answered and self._none_acknowledged()
        try:
            self._reader.eof()
            self._pass_on(reply)
        except Exception as error:
            self._fail(error)
        if self._reply is reply:
            self._fail(Fault("upstream_truncated"))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 -- no text of it goes anywhere
        # Without an end of file before it, this is a reset: whatever the framing, the answer is not whole.
        if self._reply is not None:
            self._fail(Fault("upstream_truncated" if self._answered else "upstream_reset"))
        else:
            self._close_idle()
        self._transport = None

    def _pass_on(self, reply: PooledReply) -> None:
        reader = self._reader
        if not reply.status:
            head = reader.head()
            if head is None:
                return
            self._start_body(reply, head)
        self._pass_through(reply, reader.take())
        if self._reply is reply and not self._paused:
            self._wait_for_more()

    def _pass_on_whole(self, reply: PooledReply, head: ResponseHead, body: bytes) -> None:
        """As `_start_body` and `_pass_on`, when all of an answer came at once: whoever waits is woken with all of it."""
        _check_coding(head, self._owner)
        self._reply = None
        reusable = self._rest(head.keep_alive)
        reply.finish_whole(head, body)
        self._owner.free(self, reusable)

    def _pass_through(self, reply: PooledReply, piece: bytes) -> None:
        if piece:
            reply.push(piece)
        # Whoever is handed a piece may drop the reply.
        if self._reader.ended and self._reply is reply:
            self._end_body(reply)

    def _none_acknowledged(self) -> bool:
        """Whether the peer closed (FIN, not reset) before its kernel had any byte of the current request. A FIN acknowledges
        what came before it; a reset does not, so it proves nothing. Under TLS the bytes on the wire are not ours to count."""
        transport = self._transport
        if transport is None or transport.get_extra_info("ssl_object") is not None:
            return False
        acknowledged = bytes_acknowledged(transport.get_extra_info("socket"))
        return acknowledged is not None and acknowledged <= self._sent

    def _start_body(self, reply: PooledReply, head: ResponseHead) -> None:
        _check_coding(head, self._owner)
        reply.headers = head.headers
        reply.status = head.status
        reply.wake()

    def _end_body(self, reply: PooledReply) -> None:
        self._reply = None
        reusable = self._rest(self._reader.reusable)
        if not reusable and self._reader.buffered:
            self._owner.gone(self, desync=True)
        reply.finish()
        self._owner.free(self, reusable)

    def _rest(self, at_rest: bool) -> bool:
        """The answer is over, and it left the reader `at_rest` or not. Can the connection serve again? Else it is dropped."""
        transport = self._transport
        # An answer that overtook its own request leaves the connection in the middle of that request (F-18).
        if not at_rest or transport is None or transport.is_closing() or transport.get_write_buffer_size():
            self.abort()
            return False
        if self._paused:
            self.resume()
        self._clock.set(self._now() + self._keep)
        return True

    def _wait_for_more(self) -> None:
        """From here on each piece is one note of the time: the timer, when it fires, looks how long the last was ago."""
        self._heard_at = self._now()
        self._clock.set(min(self._heard_at + self._patience.idle, self._until))

    def _late(self) -> None:
        reply = self._reply
        if reply is None:
            self._close_idle()
            return
        late = self._now() + 0.001  # the margin is the deadline's own: loop timers may fire a clock tick early
        due = self._heard_at + self._patience.idle
        if late >= self._until:
            self._fail(Fault("upstream_timeout"))
        elif not reply.status:
            self._fail(Fault("upstream_first_byte_timeout"))
        elif late < due:
            self._clock.set(min(due, self._until))
        else:
            self._fail(Fault("upstream_stalled"))

    def _rescue(self, reply: PooledReply) -> None:
        """What came before the broken part of the same read is good: it goes on before the fault is told (I4)."""
        good = self._reader.rescued
        if good and reply.status and self._reply is reply:
            with suppress(Exception):  # there is a fault to be told already
                reply.push(good)

    def _fail(self, error: Exception) -> None:
        reply = self._reply
        if reply is None:
            return
        self._reply = None
        self.abort()
        reply.finish(error)
        self._owner.free(self, False)

    def _close_idle(self, desync: bool = False) -> None:
        self.abort()
        self._owner.gone(self, desync)


def _check_coding(head: ResponseHead, owner: Owner) -> None:
    coding = head.headers.get(b"content-encoding")
    if coding and coding.strip().lower() != b"identity" and not (owner.takes_gzip and coding == b"gzip"):
        raise Fault("upstream_encoding")  # we asked for identity (F-17)
