"""TLS towards clients: TLS 1.2 or later, HTTP/1.1 by ALPN (RFC 7301)."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from engine.server.sockets import ListenError

if TYPE_CHECKING:
    from engine.settings import Tls


def server_context(tls: Tls) -> ssl.SSLContext:
    """The context for `server.tls`. Reads both files at once. Raises ListenError naming the file that is wrong."""
    for name, path in (("cert", tls.cert), ("key", tls.key)):
        try:
            with open(path, "rb"):
                pass
        except OSError as exc:
            raise ListenError(f"server.tls.{name}: {path} cannot be read") from exc
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    # A client that renegotiates makes us compute; nobody needs it (RFC 9325 section 3.5).
    context.options |= ssl.OP_NO_RENEGOTIATION
    try:
        # The password function keeps OpenSSL from asking on the terminal for an encrypted key.
        context.load_cert_chain(tls.cert, tls.key, password=lambda: "")
    except ssl.SSLError as exc:
        if exc.reason == "KEY_VALUES_MISMATCH":
            raise ListenError(f"server.tls: {tls.key} is not the key of the certificate in {tls.cert}") from exc
        raise ListenError(f"server.tls: {tls.cert} and {tls.key} must be PEM files, the key not encrypted") from exc
    return context
