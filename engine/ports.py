"""What the house needs from the world. The thinking half knows these shapes; the rooms that wait implement them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from engine.exchange import Exchange
    from engine.faults import Fault
    from engine.program import Program, Route
    from engine.targets import Origin, Target
    from engine.web import Headers, Pair, Response

Write = Callable[[bytes], None]


class Source(Protocol):
    """A body that is still arriving, pushed rather than pulled: no task and no queue between its socket and `write`."""

    async def pour(self, write: Write) -> None:
        """Hands every piece to `write` in the loop turn in which it arrives, and returns after the last one.

        Raises Fault("upstream_truncated" | "upstream_stalled" | "upstream_timeout" | ...). Cancelling drops the upstream."""

    def pause(self) -> None:
        """Back-pressure: stop reading from the upstream until `resume`."""

    def resume(self) -> None: ...

    def close(self) -> None:
        """Drops what is not finished; a finished source is left alone. May be called twice."""


class Pipe(Protocol):
    """What a streamed body passes through on its way out: sans-io."""

    def feed(self, chunk: bytes) -> bytes: ...

    def finish(self) -> bytes:
        """The upstream ended in good order. Returns what is still to be said, or raises Fault when the stream lacks its
        own terminal event."""

    def fail(self, fault: Fault) -> bytes:
        """The upstream broke after the first byte went out: the client format's own error event."""


class Reply(Source, Protocol):
    """A provider's answer: its head is known, its body is still arriving."""

    status: int
    headers: Headers

    async def read(self, limit: int) -> bytes:
        """The whole body, at most `limit` bytes. Raises Fault("upstream_too_large" | ...)."""

    async def peek(self, beyond: int) -> bytes:
        """What of the body is there, once it is more than `beyond` bytes; `pour` hands it on all the same. When it is not
        more, the body has ended. For a few KiB: nothing holds the upstream back meanwhile. Raises what `pour` raises."""


@dataclass(slots=True)
class Patience:
    """How long to wait, in seconds, one clock each; `until` is the monotonic moment by which all must be over. `most` bytes
    of a body are borne."""

    connect: float
    first_byte: float
    idle: float
    until: float
    most: int = 1 << 40


@dataclass(slots=True)
class Outgoing:
    """A request to a provider, before it is written: `target.pairs` come first, then `pairs`. Host, content-length and
    framing are the transport's. `path` is origin form, base path included."""

    target: Target
    method: str
    path: str
    pairs: tuple[Pair, ...]
    body: bytes


class Transport(Protocol):
    async def send(self, outgoing: Outgoing, patience: Patience) -> Reply:
        """Sends, and returns when the head of the final answer is there (1xx are consumed). The whole wait counts
        against `patience`. Cancelling drops the connection at once. Raises Fault("upstream_...")."""

    async def close(self) -> None:
        """Drops idle connections; those in use end with their replies."""


# Opens a GET of a URL that a client chose: (origin, path in origin form, patience). Closing the reply drops the connection.
# Raises Fault("upstream_...").
Get = Callable[["Origin", str, Patience], Awaitable[Reply]]


class Client(Protocol):
    """The other end of a served connection, as the interpreter sees it."""

    def send(self, response: Response) -> None:
        """Sends a whole response: one join, one write."""

    async def stream(self, response: Response, wrote: Callable[[int], None]) -> Fault | None:
        """Sends head and `response.stream`; `wrote(n)` is told of every n body bytes handed over. Returns the fault that
        broke the stream after its head had gone out, or None. Cancelled when the client leaves."""


class Meter(Protocol):
    """Counts. Labels come from configured names only; every method is cheap enough for the hot path.

    `active` are the requests under way now, those aside of which the body is still arriving."""

    active: int

    def began(self, exchange: Exchange) -> None: ...

    def finished(self, exchange: Exchange) -> None: ...

    def attempt(self, target: Target, code: str) -> None:
        """One upstream attempt; `code` is the fault's, or "ok"."""

    def count(self, name: str, by: float = 1) -> None:
        """A named process counter (reloads, refused accepts, dropped log lines, malformed requests)."""

    def lag(self, seconds: float) -> None: ...

    def expose(self) -> bytes:
        """All workers' figures in the Prometheus text format."""


@dataclass(slots=True)
class Services:
    """What a stage may hold on to. `now` is monotonic seconds, `wall` Unix seconds, `dice` uniform in [0, 1)."""

    now: Callable[[], float]
    wall: Callable[[], float]
    dice: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    transport: Callable[[str], Transport]  # by provider name
    meter: Meter
    write_log: Callable[[dict[str, Any]], None]  # one row; encoded at once, written by a thread, never blocks
    status: Callable[[], Mapping[str, Any]]  # what /health tells of this worker: uptime, generation, last reload
    get: Get | None = None  # for media that clients name by URL; None where nothing may be fetched


@dataclass(frozen=True, slots=True)
class Binding:
    """What a stage is bound to, once per route of a program. `shared` belongs to the program: what one stage builds there
    under a name of its own, the stages of the other routes find (turns of round robin, retry budgets)."""

    program: Program
    route: Route
    services: Services
    shared: dict[str, Any] = field(default_factory=dict)
