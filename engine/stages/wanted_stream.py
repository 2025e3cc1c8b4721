"""`"stream": true` in the body of a format that says it in the path: `decode: {stream_in_body: true}`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from engine.chat import Asked
from engine.formats.document import wrong
from engine.formats.json_scan import repeated

if TYPE_CHECKING:
    from engine.exchange import Exchange
    from engine.parts import Deed

KEY = "stream"


def wanted_stream(decode: Deed) -> Deed:
    """`decode`, and then a look for the member. A provider never sees it: its own service would refuse it."""

    async def wait_and_look(exchange: Exchange, waiting: object) -> None:
        await waiting  # type: ignore[misc]
        look(exchange)

    def decode_and_look(exchange: Exchange) -> object:
        waiting = decode(exchange)
        if waiting is not None:
            return wait_and_look(exchange, waiting)
        look(exchange)
        return None

    return decode_and_look  # type: ignore[return-value]  # an awaitable only when the body has not arrived


def look(exchange: Exchange) -> None:
    """Raises Fault("invalid_body"). Whoever asks for a stream so gets server-sent events, as of the other formats."""
    asked = exchange.chat
    if KEY not in asked.document:
        return
    wants = asked.document[KEY]
    if wants is not None and not isinstance(wants, bool):
        raise wrong(KEY, "must be a boolean")
    if repeated(asked.body, (KEY,)):
        raise wrong(KEY, "is given more than once")
    # What was parsed for routing may lack long strings.
    whole = {key: value for key, value in orjson.loads(asked.body).items() if key != KEY}
    document = {key: value for key, value in asked.document.items() if key != KEY}
    exchange.chat = Asked(asked.model, asked.stream or bool(wants), orjson.dumps(whole), document)
    query = exchange.request.query
    if wants and "alt=" not in query:
        exchange.request.query = f"{query}&alt=sse" if query else "alt=sse"
