"""The contract of a wire format. One folder per dialect, the same files in each: request, reply, stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.chat import Asked, Usage
    from engine.faults import Fault
    from engine.web import Pair


@dataclass(slots=True)
class Heard:
    """What one reading of a whole reply tells. `served` is the model that it names, or ""; `fault` says that a reply which
    came with a good status is none: not this format, or an error (reliability.md, F-10 and F-11)."""

    usage: Usage | None = None
    served: str = ""
    fault: Fault | None = None


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
