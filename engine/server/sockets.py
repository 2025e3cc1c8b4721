"""Listening sockets: bound once, shared by all workers.

One socket for all, not SO_REUSEPORT: with a socket each, connections waiting in the queue of a worker that ends are reset.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import re
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

BACKLOG = 2048

# Bytes that the kernel holds for a client beyond those on their way to it. By itself it would take megabytes for each client
# that does not read (F-32), long before anybody here could see that the client is slow.
UNSENT = 128 * 1024

_Address = tuple[str, int] | tuple[str, int, int, int]

_ADDRESS = re.compile(r"(?:\[([0-9A-Fa-f:.%\w]+)\]|([^\[\]:/\s]*)):([0-9]{1,5})", re.ASCII)


_FIRST_INHERITED = 3  # sd_listen_fds(3)


class ListenError(Exception):
    """The server cannot listen as told. The message is a sentence for the person who started it."""


def read_address(listen: str) -> tuple[str, int]:
    """(host, port) of `127.0.0.1:8080`, `[::1]:8080`, `localhost:0` or `:8080`; host "" means every address.

    Raises ListenError."""
    found = _ADDRESS.fullmatch(listen)
    if not found or int(found[3]) > 65535:
        raise ListenError(f"`{listen}` is not an address to listen on; write `127.0.0.1:8080`, `[::1]:8080` or `0.0.0.0:80`")
    return found[1] or found[2], int(found[3])


def bind_sockets(listen: str) -> list[socket.socket]:
    """Listening sockets for `listen`, one per address that its host has; they are not inherited by other programs.

    Port 0 takes a free port, the same one on every address. Raises ListenError."""
    host, port = read_address(listen)
    sockets: list[socket.socket] = []
    failure: OSError | None = None
    for family, address in _resolve(host, port, listen):
        if sockets and not port:
            address = (address[0], sockets[0].getsockname()[1], *address[2:])
        try:
            sockets.append(_bind(family, address))
        except OSError as exc:
            failure = exc
            # A host may name addresses that this machine does not have (`localhost` without IPv6); any other failure is one.
            if exc.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                break
    else:
        if sockets:
            return sockets
    for sock in sockets:
        sock.close()
    raise ListenError(_explain(listen, failure)) from failure


def inherited_sockets(environ: Mapping[str, str], pid: int) -> list[socket.socket]:
    """The listening sockets that whoever started process `pid` holds for it (sd_listen_fds(3): LISTEN_PID, LISTEN_FDS), so that
    a restart loses no connection; none when there are none. Raises ListenError when they are of no use."""
    if environ.get("LISTEN_PID") != str(pid):
        return []
    count = environ.get("LISTEN_FDS", "")
    if not re.fullmatch("[0-9]{1,3}", count, re.ASCII):
        raise ListenError(f"LISTEN_FDS is not a number of sockets: `{count[:20]}`")
    return [_take_over(fd) for fd in range(_FIRST_INHERITED, _FIRST_INHERITED + int(count))]


def is_loopback(sock: socket.socket) -> bool:
    """Whether a listening socket can only be reached from this machine."""
    if sock.family not in (socket.AF_INET, socket.AF_INET6):
        return True
    return ipaddress.ip_address(sock.getsockname()[0].partition("%")[0]).is_loopback


def _resolve(host: str, port: int, listen: str) -> list[tuple[socket.AddressFamily, _Address]]:
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as exc:
        raise ListenError(f"cannot listen on {listen}: the host is not known; use an address such as `127.0.0.1`") from exc
    # The same address may be named twice; IPv4 first, so that a free port is chosen where it is looked for.
    pairs = {(family, address): None for family, _, _, _, address in found if family in (socket.AF_INET, socket.AF_INET6)}
    return sorted(pairs, key=lambda pair: pair[0] != socket.AF_INET)  # type: ignore[arg-type]


def _bind(family: socket.AddressFamily, address: _Address) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        _prepare(sock)
        sock.bind(address)
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


def _take_over(fd: int) -> socket.socket:
    try:
        sock = socket.socket(fileno=fd)
    except OSError as exc:
        raise ListenError(f"descriptor {fd}, of LISTEN_FDS, is not a socket") from exc
    listens = sock.type == socket.SOCK_STREAM and sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    if sock.family not in (socket.AF_INET, socket.AF_INET6) or not listens:
        sock.close()
        raise ListenError(f"descriptor {fd}, of LISTEN_FDS, does not listen for TCP connections")
    os.set_inheritable(fd, False)
    _prepare(sock)
    return sock


def _prepare(sock: socket.socket) -> None:
    """Connections inherit what is set here."""
    # asyncio leaves Nagle's delay on for sockets that it did not make itself.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):  # Linux and macOS
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT)
    sock.setblocking(False)


def _explain(listen: str, failure: OSError | None) -> str:
    code = failure.errno if failure else None
    if code == errno.EADDRINUSE:
        return f"{listen} is already in use; stop the program that listens there, or choose another port with `server.listen`"
    if code == errno.EACCES:
        return f"listening on {listen} is not permitted; ports below 1024 need a privilege, choose a higher one"
    if code == errno.EADDRNOTAVAIL:
        return f"{listen} is not an address of this machine; use `127.0.0.1`, or `0.0.0.0` for all of them"
    return f"cannot listen on {listen}"
