"""What a head says once it has been read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.web import Headers


@dataclass(slots=True)
class RequestHead:
    """A request line and its fields. `path` and `query` are as they travelled, percent-encoding kept; the path of an
    absolute-form target is its origin-form part. `length` is the body's size in bytes (0 = none) unless it is `chunked`.
    `expect_continue`: the client waits for a 100 before it sends its body."""

    method: str
    path: str
    query: str
    version: str  # "1.1" or "1.0"
    headers: Headers
    length: int
    chunked: bool
    keep_alive: bool
    expect_continue: bool


@dataclass(slots=True)
class ResponseHead:
    """A status line and its fields; the framing fields stay among `headers`."""

    status: int
    version: str
    headers: Headers
    keep_alive: bool
