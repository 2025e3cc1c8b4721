"""HTTP as the house sees it: headers, requests, responses. Nothing about sockets.

Header names are lower-case bytes and values are bytes, as they travel (RFC 9110 section 5); methods, paths and queries
are str. A path is the raw path of the request line, percent-encoding kept: routing, auth, limits and logs all use this
one value (reliability.md, I9).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, overload

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Sequence

    from engine.ports import Pipe, Source

Pair = tuple[bytes, bytes]

# RFC 9110 section 7.6.1, and the names that only ever concern one hop.
HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)

# A client's credentials are for us; they never travel further.
CREDENTIALS = frozenset({b"authorization", b"x-api-key", b"api-key", b"x-goog-api-key", b"cookie", b"set-cookie"})


_NOTHING = (None, None)


class LookUp(Protocol):
    """The first value under a name (lower-case), or `default`."""

    @overload
    def __call__(self, name: bytes, default: None = None, /) -> bytes | None: ...
    @overload
    def __call__(self, name: bytes, default: bytes, /) -> bytes: ...


class Headers:
    """An immutable list of (name, value) with look-up by name; names are lower-case bytes."""

    __slots__ = ("get", "memo", "pairs")

    get: LookUp
    memo: tuple[object, Any]

    def __init__(self, pairs: Iterable[Pair] = (), first: dict[bytes, bytes] | None = None) -> None:
        """`first`: the first value of every name, from whoever has it already."""
        self.pairs: Sequence[Pair] = pairs if isinstance(pairs, (tuple, list)) else tuple(pairs)
        # A dict's own method: a request is asked a dozen times, and no call of ours lies between.
        found: dict[bytes, bytes] = dict(reversed(self.pairs)) if first is None else first
        self.get = found.get
        # (who found it out, what follows from these headers alone): a connection that sends the same fields again is given
        # the same Headers again (engine/wire/again.py).
        self.memo = _NOTHING

    def all(self, name: bytes) -> list[bytes]:
        return [value for key, value in self.pairs if key == name]

    def without(self, name: bytes) -> Headers:
        return Headers([pair for pair in self.pairs if pair[0] != name])

    def __contains__(self, name: object) -> bool:
        return any(key == name for key, _ in self.pairs)

    def __iter__(self) -> Iterator[Pair]:
        return iter(self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and list(self.pairs) == list(other.pairs)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Headers({list(self.pairs)!r})"


class Body(Protocol):
    """A request body that is still arriving."""

    async def read(self) -> bytes:
        """The whole body. Answers `Expect: 100-continue` first.

        Raises Fault("body_too_large" | "body_timeout" | "bad_request")."""

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives, the sender paused while a chunk is being handled. Raises as `read` does."""


@dataclass(slots=True)
class Request:
    """One request as read from a client. `body` is set when the whole body was there with the head (or there is none);
    otherwise it is None and `incoming` gives it."""

    method: str
    path: str
    query: str
    headers: Headers
    version: str = "1.1"
    body: bytes | None = b""
    incoming: Body | None = None
    peer: str = ""
    on_loopback: bool = True  # the listener's own address, not the peer's
    secure: bool = False


@dataclass(slots=True)
class Streamed:
    """A response body that is still to come: bytes of `source`, each piece through `pipe`."""

    source: Source
    pipe: Pipe


@dataclass(slots=True)
class Response:
    """What is sent to the client. Framing headers (content-length, transfer-encoding, connection, date) are the server's."""

    status: int
    headers: list[Pair] = field(default_factory=list)
    body: bytes = b""
    stream: Streamed | None = None
