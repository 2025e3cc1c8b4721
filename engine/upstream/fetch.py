"""A GET of what a client named by URL: one connection, one answer, nothing of the client's and no credential.

It is the transport of providers with an origin of its own, so the rules are the same: the one dial function, strict reading,
no redirects, nothing decoded. Names are looked up apart from those of providers, which a client's slow name server must not
hold up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine import __version__
from engine.ports import Outgoing
from engine.program import Provider
from engine.targets import Target
from engine.upstream.pool import PoolTransport
from engine.upstream.resolve import Resolver

if TYPE_CHECKING:
    import ssl

    from engine.ports import Patience
    from engine.targets import Origin
    from engine.upstream.reply import PooledReply
    from engine.web import Pair

NAMES = 1024  # remembered, and looked up at once

_PAIRS: tuple[Pair, ...] = ((b"user-agent", b"engine/" + __version__.encode()), (b"accept", b"*/*"))


class Fetcher:
    """`get` is a ports.Get. `context` replaces the usual TLS context."""

    def __init__(self, resolver: Resolver | None = None, *, context: ssl.SSLContext | None = None) -> None:
        self._resolver = resolver or Resolver(most=NAMES)
        self._context = context

    async def get(self, origin: Origin, path: str, patience: Patience) -> PooledReply:
        """Raises Fault("upstream_..."); "upstream_blocked" for every address that is not public: an origin that allows more is
        a mistake."""
        if origin.allow_private:
            raise ValueError("a URL that a client chose is never fetched from a private address")
        provider = Provider("", "", "", origin, "", "none", connections=1)
        transport = PoolTransport(provider, self._resolver, context=self._context, repeat=False)
        try:
            return await transport.send(Outgoing(Target("", "", "", "", origin, ""), "GET", path, _PAIRS, b""), patience)
        finally:
            await transport.close()  # the connection ends with its answer
