"""The contract of a wire format. One folder per dialect, the same files in each: request, reply, stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.answer import ChatReply, Delta
    from engine.chat import Asked, ChatRequest, Usage
    from engine.faults import Fault
    from engine.formats.losses import Losses
    from engine.web import Pair
    from engine.wire.sse import Event


@dataclass(slots=True)
class Heard:
    """What one reading of a whole reply tells. `served` is the model that it names, or ""; `fault` says that a reply which
    came with a good status is none: not this format, or an error (reliability.md, F-10 and F-11)."""

    usage: Usage | None = None
    served: str = ""
    fault: Fault | None = None


@dataclass(slots=True)
class Habits:
    """What differs between providers of one format. `max_tokens` is sent where a limit is required and the client gave none;
    `max_tokens_word` is OpenAI Chat's field for it: only newer hosts know `max_completion_tokens`."""

    max_tokens: int = 4096
    max_tokens_word: str = "max_completion_tokens"


@dataclass(slots=True)
class Telling:
    """What a writer of answers needs beyond them: what was asked, `id` (unique, [a-z0-9]{24}) for the ids that we make,
    `created` in Unix seconds, `model` for replies that name none. `sse`: Gemini streams without it are one JSON array.
    `losses` is of the client's own format, for what its answers cannot say."""

    chat: ChatRequest
    id: str
    created: int
    model: str
    losses: Losses
    sse: bool = True


class StreamReader(Protocol):
    """A provider's stream, event by event, as deltas. Never raises on what an event holds."""

    def feed(self, event: Event) -> list[Delta]: ...

    def end(self) -> list[Delta]:
        """The body has ended. Raises Fault("upstream_truncated") when the stream's own terminal event did not come."""


class StreamWriter(Protocol):
    """Deltas in the client's grammar; everything it remembers is of this one stream."""

    def write(self, delta: Delta) -> bytes: ...

    def finish(self) -> bytes:
        """What ends a good stream, once."""

    def fail(self, fault: Fault, request_id: str) -> bytes:
        """What ends a stream that broke, once: the format's own error event, and no good end."""


class Tap(Protocol):
    """Listens to a stream of this format that passes untouched. Never changes a byte; never fails on odd input."""

    usage: Usage | None
    served: str  # the model that the stream names, or ""
    finished: bool  # the stream's own terminal event has been seen; an error event is one
    fault: Fault | None  # what the stream's own error event means

    def feed(self, chunk: bytes) -> None: ...

    def between(self) -> bool:
        """Do the bytes so far end between two events? If not, an event that is added needs a blank line before it."""


class Format(Protocol):
    name: str
    family: str  # how the trade calls it, for docs
    forwarded: tuple[bytes, ...]  # client header names that belong to this format and travel with it

    def peek(self, body: bytes, captures: Mapping[str, str], query: str, path: str = "") -> Asked:
        """What routing needs of a request. `path` is the request's: in some formats it says whether to stream.

        Raises Fault("invalid_json" | "invalid_body")."""

    def rename(self, asked: Asked, model: str) -> bytes:
        """The client's body with its model replaced: every other byte as it was."""

    def path(self, asked: Asked, model: str, query: str = "") -> str:
        """The provider's path, below its base path, for such a request. Of the client's `query` only what belongs to the
        format travels, never a key."""

    def read_reply(self, body: bytes) -> Heard:
        """All that is wanted of a whole reply in one reading. Never raises."""

    def read_usage(self, body: bytes) -> Usage | None: ...

    def read_served(self, body: bytes) -> str:
        """The model that a whole reply names, or ""."""

    def tap(self) -> Tap: ...

    def write_fault(self, fault: Fault, request_id: str) -> bytes:
        """The error body that this format's SDKs understand (content type application/json)."""

    def write_stream_fault(self, fault: Fault, request_id: str) -> bytes:
        """The same as an event in a stream whose head has gone out; after it nothing follows."""

    def write_models(self, models: list[Mapping[str, str | int]]) -> bytes:
        """The answer to "which models are there" (keys: id, created, owned_by, description)."""

    def fault_headers(self, fault: Fault) -> list[Pair]: ...

    # Between different formats.

    def read_request(self, document: dict[str, Any], asked: Asked) -> ChatRequest:
        """Raises Fault("invalid_body") naming the place of what is malformed."""

    def write_request(self, chat: ChatRequest, losses: Losses, habits: Habits) -> dict[str, Any]:
        """The document for a provider. Raises Fault("unsupported") for what this format cannot say."""

    def read_answer(self, document: dict[str, Any]) -> ChatReply:
        """Never raises."""

    def write_answer(self, reply: ChatReply, telling: Telling) -> dict[str, Any]: ...

    def stream_reader(self) -> StreamReader: ...

    def stream_writer(self, telling: Telling) -> StreamWriter: ...
