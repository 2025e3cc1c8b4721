"""Hot: guarded by bench/micro/outgoing.py. The request that goes to a provider, in the client's own format.

It is built anew: a fixed set of headers and, of the client's, only those that the format or the table names
(reliability.md, I2 and section 4.8).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from engine.ports import Outgoing

if TYPE_CHECKING:
    from collections.abc import Collection

    from engine.chat import Asked
    from engine.targets import Target
    from engine.web import Headers, Pair, Request


class Speaks(Protocol):
    """What is needed of a wire format here (engine/formats/format.py has the whole contract)."""

    @property
    def forwarded(self) -> tuple[bytes, ...]: ...

    def path(self, asked: Asked, model: str, query: str = "") -> str: ...

    def rename(self, asked: Asked, model: str) -> bytes: ...


_FOR_STREAM: tuple[Pair, ...] = ((b"accept", b"text/event-stream"),)
_FOR_WHOLE: tuple[Pair, ...] = ((b"accept", b"application/json"),)


def outgoing(target: Target, asked: Asked, request: Request, format: Speaks, converted: bytes | None = None) -> Outgoing:
    """The body is the client's, byte for byte; only the model's name is replaced where the target has another. `converted` is
    the body in another `format` than the client's; what belongs to the client's own format then stays behind."""
    model = target.model or asked.model
    path = target.path + format.path(asked, model, request.query if converted is None else "alt=sse")
    pairs = _FOR_STREAM if asked.stream else _FOR_WHOLE
    if converted is not None:
        wanted: Collection[bytes] = target.forward
    else:
        wanted = target.forward.union(format.forwarded) if target.forward else format.forwarded
    given = request.headers
    for name in wanted:
        if given.get(name) is not None:
            pairs = (*pairs, *forwarded(target, given, wanted))
            break
    if converted is None:
        converted = asked.body if model == asked.model else format.rename(asked, model)
    return Outgoing(target, "POST", path, pairs, converted)


def forwarded(target: Target, given: Headers, wanted: Collection[bytes]) -> list[Pair]:
    """What of a client's headers goes on to `target`: the `wanted`."""
    pairs = [pair for pair in given.pairs if pair[0] in wanted]
    # What the table sets wins; what the client's Connection header lists was meant for us (RFC 9110 section 7.6.1).
    kept = {name for name, _ in target.pairs}
    for value in given.all(b"connection"):
        kept.update(name.strip().lower() for name in value.split(b","))
    return [pair for pair in pairs if pair[0] not in kept]
