"""Providers that need more than a plain connection: HTTP/2, or a proxy on the way. Over httpx, at several times the cost.

The rules are those of `pool`: nothing from the environment, no redirects, nothing decoded, requests written from fields, the
same faults. httpx's client object would add cookies, redirects and headers of its own; its transport adds nothing. Answers are
read by httpx, so what h11 alone lets pass (bare LF, an unknown version) passes here; sizes and framing are judged after it.

A connection is HTTP/2 only, and shared, or HTTP/1.1 only, and used once: httpx would use it again without looking at what came
after the last answer.

Without a proxy the name is resolved and judged here and httpx is given the address, with the name as Host and SNI. Behind a
proxy only a host that is a literal address can be judged: names are the proxy's to resolve. The first-byte clock is httpx's
read timeout, which starts anew with every piece of a head; `until` bounds the whole, and the clocks of the body are ours.
Dropping a reply closes its stream in a task of its own, one loop turn later.
"""

from __future__ import annotations

import asyncio
import ssl
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from engine.addresses import is_public
from engine.faults import Fault
from engine.upstream.dial import addresses_of
from engine.upstream.permits import Permits
from engine.upstream.request import changing_fields, length_field, steady_fields
from engine.upstream.resolve import Resolver
from engine.upstream.tls import client_context
from engine.web import Headers
from engine.wire.head import write_request_head
from engine.wire.strict_response import FIELD_LIMIT, HEAD_LIMIT

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Coroutine

    import httpx

    from engine.ports import Outgoing, Patience, Write
    from engine.program import Provider
    from engine.web import Pair


class HttpxTransport:
    """Implements `ports.Transport` for one provider. `context` replaces the usual TLS context; it is given the ALPN offer."""

    def __init__(
        self,
        provider: Provider,
        resolver: Resolver | None = None,
        *,
        context: ssl.SSLContext | None = None,
        idle: float = 20.0,
    ) -> None:
        import httpx  # late: it takes longer to import than the rest of the engine

        self._origin = provider.origin
        self._wait = provider.wait
        self._takes_gzip = provider.gunzip
        self._resolver = resolver or Resolver()
        self._proxied = provider.proxy is not None
        offer = ("h2",) if provider.http2 else ("http/1.1",)
        self._dropping: set[asyncio.Task[None]] = set()
        self._under_way = 0
        self._closed = False
        self._make = partial(
            httpx.AsyncHTTPTransport,
            verify=context or client_context(offer),
            http1=not provider.http2,
            http2=provider.http2,
            limits=httpx.Limits(
                max_connections=provider.connections,
                # See above: a second request on a connection would be given what came after the last answer (I7). HTTP/2
                # frames its answers.
                max_keepalive_connections=None if provider.http2 else 0,
                keepalive_expiry=idle,
            ),
            proxy=provider.proxy.reveal() if provider.proxy is not None else None,
            trust_env=False,
        )
        # Over HTTP/1.1 each request has a transport to itself: one that is cancelled at the wrong moment leaves httpx's pool a
        # connection that counts as used for ever (F-38).
        self._shared = self._make() if provider.http2 else None
        self._permits = Permits(provider.connections)

    async def send(self, outgoing: Outgoing, patience: Patience) -> HttpxReply:
        fields = steady_fields(self._origin, outgoing.target) + changing_fields(outgoing) + length_field(outgoing)
        write_request_head(outgoing.method, outgoing.path, fields)  # raises when a field cannot be written (I2)
        if self._shared is None:
            await self._wait_for_turn(patience)
        self._under_way += 1
        through = self._shared or self._make()
        try:
            return await self._send(through, outgoing, fields, patience)
        except BaseException:
            self.drop(self.ended(through))
            raise

    async def close(self) -> None:
        self._closed = True
        if not self._under_way and self._shared is not None:
            await self._shared.aclose()  # would cut off replies as well

    # What replies say.

    async def ended(self, through: httpx.AsyncHTTPTransport) -> None:
        """A request is over, one way or the other. Said once per request."""
        try:
            if through is not self._shared:
                await through.aclose()
        finally:
            self._under_way -= 1
            if self._shared is None:
                self._permits.give_back()
            elif self._closed:
                await self.close()

    def drop(self, ending: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Carries `ending` out in a task of its own, which is kept until it is done. What httpx does at the end of a request
        must not be cancelled: it would never be done again, and the connection would count as used for ever (F-38)."""
        task = asyncio.get_running_loop().create_task(ending)
        self._dropping.add(task)
        task.add_done_callback(self._dropping.discard)
        return task

    async def _wait_for_turn(self, patience: Patience) -> None:
        left = patience.until - asyncio.get_running_loop().time()
        if not await self._permits.take(min(self._wait, left)):
            raise Fault("upstream_pool_timeout" if left > self._wait else "upstream_timeout")

    async def _send(
        self, through: httpx.AsyncHTTPTransport, outgoing: Outgoing, fields: list[Pair], patience: Patience
    ) -> HttpxReply:
        fault = Fault("upstream_timeout")
        for host in await self._hosts(patience):
            left = patience.until - asyncio.get_running_loop().time()
            if left <= 0:
                break
            request = self._request(host, outgoing, fields, patience)
            try:
                return await self._answer(through, request, patience, left)
            except Fault as error:
                if error.code not in ("upstream_connect", "upstream_connect_timeout"):
                    raise
                fault = error
        raise fault

    async def _hosts(self, patience: Patience) -> tuple[str, ...]:
        if not self._proxied:
            return await addresses_of(self._origin, self._resolver, patience.connect)
        if not self._origin.allow_private and _is_refused_literal(self._origin.host):
            raise Fault("upstream_blocked")
        return (self._origin.host,)

    def _request(self, host: str, outgoing: Outgoing, fields: list[Pair], patience: Patience) -> httpx.Request:
        import httpx

        timeouts = {
            "connect": patience.connect,
            "read": patience.first_byte,
            "write": patience.first_byte,
            "pool": self._wait,
        }
        extensions = {"timeout": timeouts, "sni_hostname": self._origin.host, "target": outgoing.path.encode()}
        if self._proxied:
            del extensions["target"]  # a plain request to a proxy has the whole URL as its target
        url = httpx.URL(scheme=self._origin.scheme, host=host, port=self._origin.port, raw_path=outgoing.path.encode())
        return httpx.Request(outgoing.method, url, headers=fields, content=outgoing.body, extensions=extensions)

    async def _answer(
        self, through: httpx.AsyncHTTPTransport, request: httpx.Request, patience: Patience, left: float
    ) -> HttpxReply:
        try:
            async with asyncio.timeout(left):
                response = await through.handle_async_request(request)
        except TimeoutError:
            raise Fault("upstream_timeout") from None
        except Exception as error:
            raise _fault_of(error, answered=False) from None
        request.extensions["timeout"]["read"] = None  # from here on the clocks are ours
        reply = HttpxReply(response, patience, self, through)
        if not _is_sound(reply.headers):
            await asyncio.shield(self.drop(response.aclose()))
            raise Fault("upstream_protocol")
        coding = reply.headers.get(b"content-encoding")
        if coding and coding.strip().lower() != b"identity" and not (self._takes_gzip and coding == b"gzip"):
            await asyncio.shield(self.drop(response.aclose()))
            raise Fault("upstream_encoding")
        return reply


def _is_sound(headers: Headers) -> bool:
    """The limits and the framing rule of the strict profile (F-08, F-09), on what httpx has read."""
    size = sum([len(name) + len(value) + 4 for name, value in headers.pairs])
    both = headers.get(b"content-length") is not None and headers.get(b"transfer-encoding") is not None
    return size <= HEAD_LIMIT and len(headers) <= FIELD_LIMIT and not both


class HttpxReply:
    """Implements `ports.Reply` by pulling from httpx. Back-pressure is simply not to pull."""

    def __init__(
        self, response: httpx.Response, patience: Patience, transport: HttpxTransport, through: httpx.AsyncHTTPTransport
    ) -> None:
        self.status = response.status_code
        self.headers = Headers([(name.lower(), value) for name, value in response.headers.raw])
        self._response = response
        self._patience = patience
        self._transport = transport
        self._through = through
        self._going = asyncio.Event()
        self._going.set()
        self._ended = False  # in good order
        self._closed = False  # by its caller
        self._told = False
        self._pieces: AsyncGenerator[bytes] | None = None  # from the first look at the body on
        self._ahead: list[bytes] = []  # looked at, and still to be poured
        self._pouring = False
        self._taken = 0  # bytes poured

    async def read(self, limit: int) -> bytes:
        pieces: list[bytes] = []
        held = 0

        def keep(piece: bytes) -> None:
            nonlocal held
            held += len(piece)
            if held > limit:
                raise Fault("upstream_too_large")
            pieces.append(piece)

        await self.pour(keep)
        return b"".join(pieces)

    async def peek(self, beyond: int) -> bytes:
        pieces = self._begin()
        while len(held := b"".join(self._ahead)) <= beyond:
            piece = await self._next(pieces)
            if piece is None:
                break
            self._ahead.append(piece)
        return held

    async def pour(self, write: Write) -> None:
        if self._ended:
            return
        pieces = self._begin()
        self._pouring = True
        try:
            for piece in self._ahead:
                write(piece)
            self._ahead.clear()
            while (next_piece := await self._next(pieces)) is not None:
                self._taken += len(next_piece)
                if self._taken > self._patience.most:
                    raise Fault("upstream_too_large")
                write(next_piece)
            self._ended = True
        finally:
            await asyncio.shield(self._transport.drop(self._end_reading(pieces)))

    def pause(self) -> None:
        self._going.clear()

    def resume(self) -> None:
        self._going.set()

    def close(self) -> None:
        if not self._ended and not self._closed:
            self._closed = True
            self._going.set()
            self._transport.drop(self._end())

    def _begin(self) -> AsyncGenerator[bytes]:
        if self._pieces is None:
            # Not `aiter_raw`, which closes the response in the same await as it reads the last piece: see `drop`.
            self._pieces = cast("AsyncGenerator[bytes]", aiter(cast("httpx.AsyncByteStream", self._response.stream)))
        return self._pieces

    async def _end_reading(self, pieces: AsyncGenerator[bytes]) -> None:
        await pieces.aclose()
        await self._end()

    async def _end(self) -> None:
        """Closing what ended in good order returns its connection; closing anything else drops it."""
        if not self._told:
            self._told = True
            if self._pieces is not None and not self._pouring:
                await self._pieces.aclose()
            await self._response.aclose()
            await self._transport.ended(self._through)

    async def _next(self, pieces: AsyncGenerator[bytes]) -> bytes | None:
        """The next piece, or None at the end."""
        loop = asyncio.get_running_loop()
        due = self._patience.until
        late = "upstream_timeout"
        try:
            async with asyncio.timeout(due - loop.time()):
                await self._going.wait()
            if self._closed:
                raise Fault("client_gone")
            if loop.time() + self._patience.idle < due:
                due, late = loop.time() + self._patience.idle, "upstream_stalled"
            async with asyncio.timeout(due - loop.time()):
                return await anext(pieces, None)
        except TimeoutError:
            raise Fault(late) from None
        except Fault:
            raise
        except Exception as error:
            raise Fault("client_gone") if self._closed else _fault_of(error, answered=True) from None


def _is_refused_literal(host: str) -> bool:
    try:
        return not is_public(host)
    except ValueError:
        return False


def _fault_of(error: Exception, answered: bool) -> Fault:
    """The fault that an exception of httpx means; `answered`: the head of the answer had come."""
    import httpx

    broken = "upstream_truncated" if answered else "upstream_reset"
    codes: list[tuple[type[Exception], str]] = [
        (httpx.ConnectTimeout, "upstream_connect_timeout"),
        (httpx.PoolTimeout, "upstream_pool_timeout"),
        (httpx.ReadTimeout, "upstream_stalled" if answered else "upstream_first_byte_timeout"),
        (httpx.WriteTimeout, "upstream_first_byte_timeout"),
        (httpx.ConnectError, "upstream_tls" if _is_about_tls(error) else "upstream_connect"),
        (httpx.ProxyError, "upstream_connect"),
        (httpx.NetworkError, broken),
        (httpx.RemoteProtocolError, broken if _says_disconnected(error) else "upstream_protocol"),
    ]
    return Fault(next((code for kind, code in codes if isinstance(error, kind)), "internal"))


def _is_about_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _says_disconnected(error: Exception) -> bool:
    """httpcore has one exception for a peer that breaks off and for one that breaks the rules; only its words differ."""
    text = str(error)
    return "disconnected" in text or "without sending complete" in text
