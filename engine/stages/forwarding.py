"""One request passed on as it is, and its answer back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from engine.exchange import Try
from engine.faults import Fault
from engine.ports import Outgoing, Patience
from engine.providers.credentials import without_key
from engine.providers.outgoing import forwarded
from engine.stages.convert import FOR_STREAMS, LONGEST_VALUE, passed_headers
from engine.stages.own_word import MOST, own_word
from engine.stages.verdict import is_error_document, is_event_stream, judge_head
from engine.web import Response, Streamed

if TYPE_CHECKING:
    from engine.exchange import Exchange
    from engine.formats.format import Format
    from engine.limits.cooling import Cooling
    from engine.ports import Reply, Services
    from engine.stages.errand import Transports
    from engine.targets import Target
    from engine.web import Headers, Pair, Request

# An answer that says it is no larger is read whole, so that one that breaks can still become an error.
WHOLE = 1024 * 1024

# Parameters under which a key may stand in a query; the target's own is sent as a header.
KEYS = frozenset(
    {"key", "api_key", "api-key", "apikey", "access_token", "token", "authorization", "x-api-key", "x-goog-api-key"}
)

_TRAVELLING = (b"content-type", b"content-encoding", b"accept")


@dataclass(frozen=True, slots=True)
class Terms:
    """What all requests of a route have in common. Times are seconds, `limit` is bytes of an answer."""

    services: Services
    transports: Transports
    format: Format
    cooling: Cooling
    timeout: float
    connect: float
    first_byte: float
    idle: float
    limit: int


class Untold:
    """The pipe of what is no conversation: every piece as it came. Nothing can be said inside a file: when one breaks, its
    end is left off, so that it shows (F-07)."""

    __slots__ = ()

    def feed(self, chunk: bytes) -> bytes:
        return chunk

    def finish(self) -> bytes:
        return b""

    def fail(self, fault: Fault) -> bytes:  # noqa: ARG002
        return b""


class Forwarding:
    """Carries the requests of one route."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        # By name: a target's fixed headers without its content type, which is the client's here.
        self._bare: dict[str, Target] = {}

    async def carry(self, exchange: Exchange, target: Target, path: str, body: bytes) -> None:
        """Gives the exchange its answer. Sends once; raises the Fault that this ends in."""
        terms, request = self._terms, exchange.request
        services = terms.services
        began = services.now()
        code, status, reply, answer = "internal", 0, None, None
        try:
            sending = self._outgoing(target, request, path, body)
            until = began + terms.timeout
            patience = Patience(terms.connect, terms.first_byte, terms.idle, until, terms.limit)
            reply = await terms.transports[target.provider].send(sending, patience)
            status = reply.status
            answer, code = await self._answer(reply, target, request.method)
            exchange.reply, exchange.target, exchange.answer = reply, target, answer
        except Fault as fault:
            code = fault.code
            self._heed(fault, target)
            raise
        except asyncio.CancelledError:
            code = "cancelled"
            raise
        finally:
            if reply is not None and (answer is None or answer.stream is None):
                reply.close()
            ended = services.now()
            exchange.upstream_seconds += ended - began
            exchange.tries.append(Try(target, began, ended, code, status))
            services.meter.attempt(target, code or "ok")

    def _outgoing(self, target: Target, request: Request, path: str, body: bytes) -> Outgoing:
        bare = self._bare.get(target.name)
        if bare is None:
            pairs = tuple(pair for pair in target.pairs if pair[0] != b"content-type")
            bare = self._bare[target.name] = replace(target, pairs=pairs)
        wanted = target.forward.union(_TRAVELLING)
        if self._terms.format.name in (target.format, *target.also):
            wanted = wanted.union(self._terms.format.forwarded)
        query = without_keys(request.query)
        path = f"{target.path}{path}?{query}" if query else target.path + path
        return Outgoing(bare, request.method, path, tuple(forwarded(bare, request.headers, wanted)), body)

    async def _answer(self, reply: Reply, target: Target, method: str) -> tuple[Response, str]:
        """(what the client gets, the attempt's code). Raises the Fault that it is instead."""
        status, headers = reply.status, reply.headers
        if not 200 <= status < 300:
            return await self._refusal(reply, target)
        if headers.get(b"content-encoding", b"identity") != b"identity":
            raise Fault("upstream_encoding")  # we asked for identity (F-17)
        pairs = self._passed(headers)
        if method != "HEAD" and (status == 204 or _announced(headers) <= WHOLE):
            return Response(status, pairs, await reply.read(WHOLE)), ""
        if is_event_stream(headers):
            pairs += FOR_STREAMS
        return Response(status, pairs, b"", Streamed(reply, Untold())), ""

    async def _refusal(self, reply: Reply, target: Target) -> tuple[Response, str]:
        """F-13 to F-16: the provider's own error passes when it is one in JSON, but for what concerns our credential."""
        fault = judge_head(reply.status, reply.headers, self._terms.services.wall())
        if fault is None:
            body = await reply.read(MOST)
            if not is_error_document(reply.headers, body):
                raise Fault("upstream_refused", status=reply.status)
            return Response(reply.status, self._passed(reply.headers), without_key(body, target.credential)), "upstream_refused"
        word = None if reply.status < 400 or fault.code == "upstream_auth" else await own_word(reply, fault, target)
        if word is None:
            raise fault
        self._heed(fault, target)
        return Response(reply.status, self._passed(reply.headers), word.reply.body), fault.code

    def _passed(self, headers: Headers) -> list[Pair]:
        """Those that a chat's answer may have, and what a download is called. Nothing said is bytes, not JSON."""
        pairs, dropped = passed_headers(headers)
        if headers.get(b"content-type") is None:
            pairs[0] = (b"content-type", b"application/octet-stream")
        called = headers.get(b"content-disposition")
        if called is not None and len(called) <= LONGEST_VALUE and called.isascii() and called.decode().isprintable():
            pairs.append((b"content-disposition", called))
        elif called is not None:
            dropped += 1
        if dropped:
            self._terms.services.meter.count("upstream_headers_dropped", dropped)
        return pairs

    def _heed(self, fault: Fault, target: Target) -> None:
        if self._terms.cooling.heed(fault, target, ""):
            self._terms.services.meter.count("upstream_cooldowns")


def without_keys(query: str) -> str:
    """The query without what may be a client's key; all else as it was written."""
    if not query:
        return ""
    return "&".join(part for part in query.split("&") if unquote_plus(part.partition("=")[0]).strip().lower() not in KEYS)


def _announced(headers: Headers) -> int:
    length = headers.get(b"content-length", b"")
    return int(length) if length.isdigit() and len(length) < 12 else WHOLE + 1
