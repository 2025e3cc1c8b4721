"""Hot: guarded by bench/micro/decode.py. The request, as far as routing needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.faults import Fault
from engine.formats import FORMATS
from engine.parts import Stage

if TYPE_CHECKING:
    from engine.exchange import Exchange
    from engine.parts import Deed
    from engine.ports import Binding
    from engine.web import Body, Request


@dataclass(frozen=True)
class Decode(Stage):
    """Read the request in the format that the route `speaks`: its model, and whether it wants a stream. The body itself is
    kept as it came."""

    example = "decode"
    writes = frozenset({"chat"})

    def bind(self, binding: Binding) -> Deed:
        peek = FORMATS[binding.route.speaks].peek

        async def wait_and_peek(exchange: Exchange, incoming: Body) -> None:
            request = exchange.request
            request.body = await incoming.read()
            exchange.chat = peek(request.body, exchange.captures, request.query, request.path)

        def decode(exchange: Exchange) -> object:
            request = exchange.request
            get = request.headers.get
            if get(b"content-type") != b"application/json" or get(b"content-encoding") is not None:
                check_media_type(request)
            if request.body is None:
                assert request.incoming is not None
                return wait_and_peek(exchange, request.incoming)
            exchange.chat = peek(request.body, exchange.captures, request.query, request.path)
            return None

        return decode  # type: ignore[return-value]  # an awaitable only when the body has not arrived


def check_media_type(request: Request) -> None:
    """JSON, or nothing said; not compressed. Raises Fault("media_type")."""
    if request.headers.get(b"content-encoding", b"identity") != b"identity":
        raise Fault("media_type", "send the body uncompressed")
    given = request.headers.get(b"content-type")
    if given is None or given == b"application/json":
        return
    media_type = given.partition(b";")[0].strip().lower()
    if media_type not in (b"", b"application/json", b"text/json") and not media_type.endswith(b"+json"):
        raise Fault("media_type", "send `application/json`")
