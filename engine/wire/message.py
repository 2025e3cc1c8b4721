"""What a head says once it has been read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.web import Request

if TYPE_CHECKING:
    from engine.web import Headers


@dataclass(slots=True)
class RequestHead(Request):
    """A request as its head tells it, and how the rest is framed. `path` and `query` are as they travelled,
    percent-encoding kept; the path of an absolute-form target is its origin-form part. `version` is "1.1" or "1.0".
    `length` is the body's size in bytes (0 = none) unless it is `chunked`; its field is not among the `headers`, so that
    they may be the same from request to request. `expect_continue`: the client waits for a 100 before it sends its body.

    Who reads the body sets it; who holds the connection tells whose it is."""

    body: bytes | None = None
    length: int = 0
    chunked: bool = False
    keep_alive: bool = True
    expect_continue: bool = False


@dataclass(slots=True)
class ResponseHead:
    """A status line and its fields; the framing fields stay among `headers`."""

    status: int
    version: str
    headers: Headers
    keep_alive: bool
