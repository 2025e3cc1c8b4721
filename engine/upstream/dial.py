"""The one place from which connections to providers are made (reliability.md, section 4.8 and Appendix D).

The host comes from the route table only. Its name is resolved once, every address of the answer is judged, and the
connection goes to exactly those addresses: a name server that answers differently the next time (rebinding) gains nothing.
"""

from __future__ import annotations

import asyncio
import errno
import ssl
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, TypeVar

from engine.faults import Fault
from engine.upstream.tls import client_context

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.targets import Origin
    from engine.upstream.resolve import Resolver

REFUSED_V4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network; connects to this host
        "10.0.0.0/8",  # private use, as 172.16/12 and 192.168/16
        "100.64.0.0/10",  # carrier-grade NAT; a cloud's metadata service at 100.100.100.200
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # a cloud's metadata service
        "169.254.0.0/16",  # link-local; most clouds' metadata services
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation, as 198.51.100/24 and 203.0.113/24
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved; broadcast
    )
)
REFUSED_V6 = tuple(
    IPv6Network(text)
    for text in (
        # Outside 2000::/3 nothing is global unicast (RFC 4291 section 2.4): ::, ::1, ::/96, ::ffff:0:0:0/96, 64:ff9b:1::/48
        # (local NAT64, RFC 8215: where the IPv4 part stands is not known), 100::/64, fc00::/7, fe80::/10, fec0::/10, ff00::/8.
        "::/3",
        "4000::/2",
        "8000::/1",
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarking
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation (RFC 9637)
    )
)
# Where an IPv6 address carries an IPv4 one, the inner address is judged: (network, bits below it).
NESTED = (
    (IPv6Network("::ffff:0:0/96"), 0),  # mapped
    (IPv6Network("64:ff9b::/96"), 0),  # NAT64
    (IPv6Network("2002::/16"), 80),  # 6to4
)


P = TypeVar("P", bound=asyncio.Protocol)


def is_public(address: str) -> bool:
    """May `address` be dialled without `allow_private`?"""
    ip = ip_address(address)
    if isinstance(ip, IPv4Address):
        return not any(ip in network for network in REFUSED_V4)
    return _is_public_v6(ip)


def _is_public_v6(ip: IPv6Address) -> bool:
    for network, below in NESTED:
        if ip in network:
            return is_public(str(IPv4Address((int(ip) >> below) & 0xFFFF_FFFF)))
    return not any(ip in network for network in REFUSED_V6)


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
