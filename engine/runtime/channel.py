"""Messages between the supervisor and a worker: JSON with its length in front, over a socket pair.

Neither side ever waits for the other: what a busy or stopped worker does not take stays in `outbox` until it does.
"""

from __future__ import annotations

import json
import socket
from typing import Any

Message = dict[str, Any]

_LENGTH = 4  # bytes of the length, big-endian
_PIECE = 65536


class Channel:
    """One end. `ended` is set when the other end is gone: closed, or its process dead."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._inbox = bytearray()
        self._outbox = bytearray()
        self.ended = False

    def fileno(self) -> int:
        return self._sock.fileno()

    def send(self, message: Message) -> None:
        """Sends what can be sent now; see `pending`. A message to an end that is gone is dropped."""
        # The standard library's JSON carries lone surrogates (an environment need not be UTF-8); orjson does not.
        data = json.dumps(message).encode()
        self._outbox += len(data).to_bytes(_LENGTH, "big") + data
        self.flush()

    @property
    def pending(self) -> bool:
        """Something waits to be sent: call `flush` when the channel is writable."""
        return bool(self._outbox)

    def flush(self) -> None:
        try:
            while self._outbox:
                del self._outbox[: self._sock.send(self._outbox[:_PIECE])]
        except BlockingIOError:
            pass
        except OSError:
            self._outbox.clear()  # `receive` will see the end

    def receive(self) -> list[Message]:
        """Every whole message that is there; never waits."""
        try:
            while data := self._sock.recv(_PIECE):
                self._inbox += data
            self.ended = True
        except BlockingIOError:
            pass
        except OSError:
            self.ended = True
        return list(iter(self._next, None))

    def close(self) -> None:
        self._sock.close()

    def _next(self) -> Message | None:
        inbox = self._inbox
        end = _LENGTH + int.from_bytes(inbox[:_LENGTH], "big")
        if len(inbox) < _LENGTH or len(inbox) < end:
            return None
        message: Message = json.loads(inbox[_LENGTH:end])
        del inbox[:end]
        return message


def channel_pair() -> tuple[Channel, Channel]:
    """The two ends; not inherited by programs that are executed (F-69)."""
    one, other = socket.socketpair()
    return Channel(one), Channel(other)
