"""A call in another format than the client's: its request written for the provider, its reply on the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from engine.faults import Fault
from engine.formats import FORMATS
from engine.formats.conversion import Conversion, read_chat
from engine.formats.format import Habits, Telling
from engine.formats.losses import Losses
from engine.formats.tolerant import mapping, text
from engine.providers.outgoing import outgoing
from engine.stages.fetching import Fetching
from engine.stages.whole import Whole

if TYPE_CHECKING:
    from engine.chat import ChatRequest
    from engine.exchange import Exchange
    from engine.formats.format import Format
    from engine.formats.losses import OnLoss
    from engine.ports import Outgoing, Reply, Services, Write
    from engine.stages.fetching import Fetches
    from engine.targets import Target
    from engine.web import Headers


class Conversing:
    """Makes the conversions of one exchange, one per attempt: what the client asked is read once, when it is first needed."""

    __slots__ = ("_chat", "_exchange", "_fetching", "_on_loss", "_services", "_spoken")

    def __init__(
        self, exchange: Exchange, spoken: Format, services: Services, on_loss: OnLoss, fetches: Fetches | None = None
    ) -> None:
        self._exchange = exchange
        self._spoken = spoken
        self._services = services
        self._on_loss = on_loss
        self._fetching = Fetching(fetches) if fetches is not None else None
        self._chat: ChatRequest | None = None

    async def fetch(self, theirs: Format, due: float) -> None:
        """Before `begin`, where the route fetches: the media by URL that a provider of `theirs` needs in the request, by the
        monotonic moment `due`. The client's own format needs none.

        Raises Fault("invalid_body" | "unfetched" | "overloaded")."""
        if self._fetching is not None and theirs.name != self._spoken.name:
            await self._fetching.bring(self._read(), theirs.name, self._exchange.chat, due)

    def begin(self, target: Target, theirs: Format | None = None) -> tuple[Conversion, Outgoing]:
        """For a target that is asked in another format, its own, or in `theirs`: the client's, without what others sealed.
        Raises Fault("invalid_body" | "unsupported")."""
        theirs = theirs or FORMATS[target.format]
        asked, chat = self._exchange.chat, self._read()
        if self._fetching is not None and theirs.name != self._spoken.name:
            chat = self._fetching.with_bytes(chat, theirs.name)
        conversion = Conversion(self._spoken, theirs, self._telling(chat), self._on_loss)
        habits = Habits(target.max_tokens, target.max_tokens_word)
        body = conversion.request(target.model or asked.model, habits)
        return conversion, outgoing(target, asked, self._exchange.request, theirs, body)

    def _read(self) -> ChatRequest:
        if self._chat is None:
            self._chat = read_chat(self._spoken, self._exchange.chat)
            if not self._chat.system and not any(message.pieces for message in self._chat.messages):
                raise Fault("invalid_body", "there are no messages with content")
        return self._chat

    def _telling(self, chat: ChatRequest) -> Telling:
        services, exchange = self._services, self._exchange
        # Dice, not the request's id: that may be the client's own, and come again.
        unique = f"{int(services.dice() * 2**48):012x}{int(services.dice() * 2**48):012x}"
        sse = self._spoken.name != "gemini_generate" or "alt=sse" in exchange.request.query.split("&")
        return Telling(chat, unique, int(services.wall()), exchange.chat.model, Losses(self._spoken.name), sse)


class ForeignStream:
    """Implements ports.Reply for a stream that is still to be converted: everything is the reply's own."""

    __slots__ = ("conversion", "headers", "reply", "status")

    def __init__(self, reply: Reply, conversion: Conversion) -> None:
        self.reply = reply
        self.conversion = conversion
        self.status = reply.status
        self.headers = reply.headers

    async def read(self, limit: int) -> bytes:
        return await self.reply.read(limit)

    async def peek(self, beyond: int) -> bytes:
        return await self.reply.peek(beyond)

    async def pour(self, write: Write) -> None:
        await self.reply.pour(write)

    def pause(self) -> None:
        self.reply.pause()

    def resume(self) -> None:
        self.reply.resume()

    def close(self) -> None:
        self.reply.close()


def convert_whole(status: int, headers: Headers, body: bytes, conversion: Conversion) -> Whole:
    """A body that came with a good status. Raises the Fault that it turns out to be."""
    told, heard = conversion.reply(body)
    if heard.fault is not None:
        raise heard.fault
    return Whole(status, headers, told, heard, conversion)


def refusal_in(body: bytes, status: int, theirs: Format) -> Fault:
    """A provider's own word on what is wrong with the request, as a fault for the client's format to write."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        document = None
    if not isinstance(document, dict):
        return Fault("upstream_refused", status=status)
    fault = theirs.read_answer(document).fault
    detail = fault.detail if fault is not None and fault.code == "upstream_refused" else ""
    if fault is not None and fault.code == "upstream_error":  # no word that is known: the status says that it is a refusal
        detail = text(mapping(document.get("error")).get("message"))[:300]
    return Fault("upstream_refused", detail, status=status)
