"""Which addresses belong to the public internet (reliability.md, Appendix D): judged alike in the table and when it is dialled.

The standard library's `is_global` will not do: it lets NAT64, 6to4, multicast and a cloud's metadata service pass.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

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


def is_public(address: str) -> bool:
    """May `address`, a literal one, be dialled without `allow_private`? Raises ValueError when it is none."""
    ip = ip_address(address)
    if isinstance(ip, IPv4Address):
        return not any(ip in network for network in REFUSED_V4)
    return _is_public_v6(ip)


def _is_public_v6(ip: IPv6Address) -> bool:
    for network, below in NESTED:
        if ip in network:
            return is_public(str(IPv4Address((int(ip) >> below) & 0xFFFF_FFFF)))
    return not any(ip in network for network in REFUSED_V6)
