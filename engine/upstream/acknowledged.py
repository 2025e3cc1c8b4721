"""How many of our bytes a peer's kernel has taken: what tells a request that was never read from one that may have been."""

from __future__ import annotations

import os
import socket
import sys

# struct tcp_info (linux/tcp.h): 8 bytes, 24 words of 4, two of 8, then tcpi_bytes_acked (RFC 4898).
_AT = 8 + 24 * 4 + 2 * 8
_SIZE = _AT + 8
_SYN = 1  # is counted as a byte


def bytes_acknowledged(sock: socket.socket) -> int | None:
    """Bytes that were sent on a connection of our own making and acknowledged; None where that is not known."""
    option = getattr(socket, "TCP_INFO", None)
    if sys.platform != "linux" or option is None:
        return None
    try:
        # An event loop may show something that only looks like a socket.
        with socket.socket(fileno=os.dup(sock.fileno())) as real:
            info = real.getsockopt(socket.IPPROTO_TCP, option, _SIZE)
    except OSError:
        return None
    return int.from_bytes(info[_AT:_SIZE], sys.byteorder) - _SYN if len(info) == _SIZE else None
