"""Where a provider is, as the table says it: a base URL read strictly, and whether its host is a private address.

The addresses that a name resolves to are judged when it is dialled; here the table is told what can be seen beforehand.
"""

from __future__ import annotations

import ipaddress
import re

from engine.addresses import is_public
from engine.targets import Origin

_SHAPE = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<path>[^?#]*)(?P<more>[?#].*)?", re.ASCII | re.DOTALL
)
_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,62})\.)*[a-z0-9_][a-z0-9_-]{0,62}\.?", re.ASCII)
# What some resolvers read as an address though it is not written as one: `127.1`, `2130706433`, `0x7f.1`, `0177.0.0.1`.
_ODD_ADDRESS = re.compile(r"(?:.*\.)?(?:0x[0-9a-f]*|[0-9]+)\.?", re.ASCII)
_PATH = re.compile(r"(?:/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})*)*", re.ASCII)
_PORTS = {"http": 80, "https": 443}

_LOCAL_NAMES = ("localhost", "localhost.localdomain", "ip6-localhost")


class BadUrl(ValueError):
    """What is wrong with a base URL, in a sentence that does not repeat it: it may hold a credential."""

    def __init__(self, says: str, hint: str = "") -> None:
        super().__init__(says)
        self.says = says
        self.hint = hint


def read_base_url(text: str, allow_private: bool) -> tuple[Origin, str]:
    """(origin, path without a slash at its end). Raises BadUrl."""
    found = _SHAPE.fullmatch(text)
    if not found or any(c <= " " or c == "\\" or c == "\x7f" for c in text):
        raise BadUrl("a base URL is absolute: `https://host/path`", _missing_scheme(text))
    scheme, authority = found["scheme"].lower(), found["authority"]
    if scheme not in _PORTS:
        raise BadUrl("a base URL begins with `https://` or `http://`")
    if "@" in authority:
        raise BadUrl("a base URL holds no user name or password", "a credential stands in `keys`")
    if found["more"]:
        raise BadUrl("a base URL has neither `?` nor `#`", "it ends where the paths of its format begin")
    host, port = _host_and_port(authority, _PORTS[scheme])
    # A variable's value may end in a slash where the table goes on with one.
    path = re.sub("/{2,}", "/", found["path"]).rstrip("/")
    if not _PATH.fullmatch(path) or "/../" in path + "/" or "/./" in path + "/":
        raise BadUrl("the path of a base URL holds what must be percent-encoded, or a `.` segment")
    return Origin(scheme, host, port, allow_private), path


def _missing_scheme(text: str) -> str:
    return "it lacks `https://` at the beginning" if re.match(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:[0-9]+)?(/|$)", text) else ""


def _host_and_port(authority: str, usual: int) -> tuple[str, int]:
    found = re.fullmatch(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[^:\[\]]*))(?::(?P<port>[0-9]{0,5}))?", authority)
    if not found or not (found["six"] or found["host"]):
        raise BadUrl("a base URL names a host and, where it is another than usual, a port")
    port = int(found["port"]) if found["port"] else usual
    if not 0 < port < 65536:
        raise BadUrl("a port is a number from 1 to 65535")
    if found["six"]:
        return _six(found["six"]), port
    host = found["host"].lower()
    if not _HOST.fullmatch(host) or len(host) > 253:
        raise BadUrl("the host of a base URL is no host name", "names beyond ASCII are written in punycode: `xn--...`")
    if _ODD_ADDRESS.fullmatch(host) and address_of(host) is None:
        raise BadUrl("the host of a base URL is neither a name nor an IPv4 address in full", "for example `127.0.0.1`")
    return host, port


def _six(text: str) -> str:
    try:
        return str(ipaddress.IPv6Address(text))
    except ValueError:
        raise BadUrl("the host of a base URL is no IPv6 address", "for example `[::1]`") from None


def address_of(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that a host literally is, or None."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_private(host: str) -> bool:
    """Whether a host is, by what is written, loopback, private or otherwise not of the public internet."""
    if host.rstrip(".") in _LOCAL_NAMES or host.rstrip(".").endswith(".localhost"):
        return True
    return address_of(host) is not None and not is_public(host)


def is_loopback(host: str) -> bool:
    """Whether listening on this host lets in nobody from another machine."""
    address = address_of(host)
    return address.is_loopback if address is not None else host.lower() in _LOCAL_NAMES
