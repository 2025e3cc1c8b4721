"""The one place from which connections to providers are made (reliability.md, section 4.8 and Appendix D).

The host comes from the route table only. Its name is resolved once, every address of the answer is judged, and the
connection goes to exactly those addresses: a name server that answers differently the next time (rebinding) gains nothing.
"""

from __future__ import annotations

import asyncio
import errno
import ssl
from ipaddress import ip_address
from typing import TYPE_CHECKING, TypeVar

from engine.addresses import is_public
from engine.faults import Fault
from engine.upstream.tls import client_context

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.targets import Origin
    from engine.upstream.resolve import Resolver

P = TypeVar("P", bound=asyncio.Protocol)


async def addresses_of(origin: Origin, resolver: Resolver, seconds: float) -> tuple[str, ...]:
    """The addresses that may be dialled for `origin`: all of them, or none.

    Raises Fault("upstream_dns" | "upstream_blocked"); the text of the latter does not tell what the name resolved to."""
    try:
        addresses: tuple[str, ...] = (str(ip_address(origin.host)),)
    except ValueError:
        # Everything else is a name, `127.1` and `0x7f000001` too: the system's resolver knows such spellings.
        addresses = await resolver.resolve(origin.host, seconds)
    if not origin.allow_private and not all(map(is_public, addresses)):
        raise Fault("upstream_blocked")
    return addresses


async def dial(
    origin: Origin, protocol: Callable[[], P], resolver: Resolver, seconds: float, context: ssl.SSLContext | None = None
) -> P:
    """A connected `protocol()`, TLS done when the origin is https (`context` replaces the usual one). Looking up the name,
    connecting and the TLS handshake all count against `seconds`; of several addresses each gets its share of what is left.

    Raises Fault("upstream_dns" | "upstream_blocked" | "upstream_connect" | "upstream_connect_timeout" | "upstream_tls")."""
    loop = asyncio.get_running_loop()
    due = loop.time() + seconds
    addresses = await addresses_of(origin, resolver, seconds)
    context = (context or client_context()) if origin.scheme == "https" else None
    fault = Fault("upstream_connect_timeout")
    for tried, address in enumerate(addresses):
        share = (due - loop.time()) / (len(addresses) - tried)
        try:
            async with asyncio.timeout(share):
                _, dialled = await loop.create_connection(
                    protocol,
                    address,  # a literal address: the loop does not resolve it again
                    origin.port,
                    ssl=context,
                    server_hostname=origin.host if context is not None else None,
                )
                return dialled
        except TimeoutError:
            fault = Fault("upstream_connect_timeout", inside=f"{address} port {origin.port}")
        except (ssl.SSLError, ssl.CertificateError) as error:
            why = getattr(error, "verify_message", "") or error.reason or "no TLS"
            raise Fault("upstream_tls", inside=f"{address} port {origin.port}: {why}") from None
        except OSError as error:
            why = errno.errorcode.get(error.errno or 0, "refused")
            fault = Fault("upstream_connect", inside=f"{address} port {origin.port}: {why}")
    raise fault
