"""OpenAI Chat Completions: streams tidied event by event. What an event holds goes on in the turn in which its end came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from engine.faults import Fault
from engine.formats.openai_chat.tidy import fill_message, full_usage, tidy_error
from engine.formats.openai_chat.tidy_calls import Calls
from engine.formats.tolerant import mapping, sequence
from engine.wire.sse import write_event

if TYPE_CHECKING:
    from engine.formats.openai_chat.tidy import Wishes

LONGEST = 16 * 1024 * 1024  # bytes of one event
DONE = b"[DONE]"


class TidyStream:
    """One stream. Comments, other fields and data that is no JSON stay as they are; `[DONE]` is said once, last."""

    __slots__ = ("_calls", "_done", "_fingerprint", "_first", "_held", "_id", "_wishes")

    def __init__(self, wishes: Wishes) -> None:
        self._wishes = wishes
        self._id = wishes.reply_id()
        self._fingerprint = wishes.fingerprint()
        self._calls: dict[int, Calls] = {}
        self._held = bytearray()
        self._first = True
        self._done = False

    def feed(self, chunk: bytes) -> bytes:
        """Raises Fault("upstream_too_large")."""
        self._held += chunk
        if chunk[-1:] == b"\r" or (b"\n" not in chunk and b"\r" not in chunk):
            return self._checked(b"")  # an LF may belong to the CR
        out: list[bytes] = []
        lines: list[bytes] = []
        kept = 0
        for line in self._held.splitlines(keepends=True):
            if not line.endswith((b"\n", b"\r")):
                break
            lines.append(bytes(line))
            if not line.strip(b"\r\n"):
                out.append(self._event(lines))
                kept += sum(map(len, lines))
                lines = []
        del self._held[:kept]
        return self._checked(b"".join(out))

    def _checked(self, out: bytes) -> bytes:
        if len(self._held) > LONGEST:
            raise Fault("upstream_too_large", "one event of the stream")
        return out

    def finish(self) -> bytes:
        """The stream has ended in good order: what came without its blank line, and the end if it has not been said."""
        last = self._event([*bytes(self._held).splitlines(keepends=True), b"\n"]) if self._held else b""
        self._held.clear()
        if self._done or not self._wishes.fill:
            return last
        self._done = True
        return last + write_event(DONE)

    def _event(self, lines: list[bytes]) -> bytes:
        data = [line[5:].strip() for line in lines if line.startswith(b"data:")]
        if not data:
            return b"".join(lines)
        document = _parsed(b"\n".join(data))
        if document is not None:
            others = b"".join(line for line in lines if not line.startswith(b"data:") and line.strip())
            return others + write_event(orjson.dumps(self._chunk(document)))
        # Some hosts leave out the blank lines between events.
        return self._each(data) if len(data) > 1 else self._unparsed(data[0], lines)

    def _each(self, data: list[bytes]) -> bytes:
        return b"".join(self._event([b"data: " + piece + b"\n", b"\n"]) for piece in data)

    def _unparsed(self, data: bytes, lines: list[bytes]) -> bytes:
        if data != DONE:
            return b"".join(lines)
        if self._done:
            return b""
        self._done = True
        return write_event(DONE)

    def _chunk(self, chunk: dict[str, Any]) -> dict[str, Any]:
        first, self._first = self._first, False
        if chunk.get("error"):
            return tidy_error(chunk) if self._wishes.fill else chunk
        if self._wishes.fill:
            self._fill(chunk, first)
        if self._wishes.model:
            chunk["model"] = self._wishes.model
        return chunk

    def _fill(self, chunk: dict[str, Any], first: bool) -> None:
        chunk["id"], chunk["created"] = self._id, self._wishes.created
        chunk["system_fingerprint"] = self._fingerprint
        chunk.setdefault("service_tier", "default")
        roles = False
        for choice in sequence(chunk.get("choices")):
            if isinstance(choice, dict):
                roles = "role" in mapping(self._fill_choice(choice)) or roles
        if first and roles and not chunk.get("usage"):
            chunk["usage"] = full_usage(None)

    def _fill_choice(self, choice: dict[str, Any]) -> object:
        """The choice's delta, or the message of hosts that call it that."""
        choice.setdefault("logprobs", None)
        delta = choice.get("delta", choice.get("message"))
        if isinstance(delta, dict):
            fill_message(delta)
            if isinstance(delta.get("tool_calls"), list):
                delta["tool_calls"] = self._of(choice.get("index")).tidy(delta["tool_calls"])
        return delta

    def _of(self, choice: object) -> Calls:
        key = choice if type(choice) is int else 0
        if key not in self._calls:
            self._calls[key] = Calls(self._wishes)
        return self._calls[key]


def _parsed(data: bytes) -> dict[str, Any] | None:
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    return document if isinstance(document, dict) else None
