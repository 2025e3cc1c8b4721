"""TLS towards providers: always verified, never negotiable."""

from __future__ import annotations

import functools
import os
import ssl
from pathlib import Path


def system_has_certificates() -> bool:
    """Does OpenSSL find certificate authorities by itself (SSL_CERT_FILE and SSL_CERT_DIR included)?"""
    paths = ssl.get_default_verify_paths()
    return paths.cafile is not None or (paths.capath is not None and any(Path(paths.capath).iterdir()))


@functools.cache
def client_context(protocols: tuple[str, ...] = ("http/1.1",)) -> ssl.SSLContext:
    """Certificate and name are checked against the system's authorities; SSL_CERT_FILE and SSL_CERT_DIR replace those, as
    everywhere with OpenSSL. A system without any (a bare container) uses certifi's. `protocols` are offered by ALPN (RFC 7301).

    One context per process and offer: loading the authorities takes tens of milliseconds.
    """
    named = os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR")
    if named or system_has_certificates():
        context = ssl.create_default_context()
    else:
        import certifi  # comes with httpx

        context = ssl.create_default_context(cafile=certifi.where())
    context.set_alpn_protocols(list(protocols))
    return context
