"""F-04: TLS towards providers is verified, always."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import Iterator
from typing import Any

import certifi
import pytest
import trustme

from engine.upstream import tls
from engine.upstream.pool import PoolTransport
from engine.upstream.resolve import Resolver
from engine.upstream.tls import client_context
from tests.tools.calling import fault_of, origin, outgoing, patience, provider, run
from tests.tools.fake_upstream import Close, FakeUpstream, Stall, events, whole

AUTHORITY = trustme.CA()


def serving(*names: str, authority: trustme.CA = AUTHORITY) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


@pytest.fixture
def trusting(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """SSL_CERT_FILE names our authority, as an operator would do it."""
    file = tmp_path / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(str(file))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    client_context.cache_clear()
    yield
    client_context.cache_clear()


def pool_to(upstream: FakeUpstream, host: str = "api.test", **more: Any) -> PoolTransport:
    to = origin(upstream.port, "https", host)
    return PoolTransport(provider(to), Resolver(lambda name: ["127.0.0.1"]), **more)


def call(server: ssl.SSLContext, main: Any, *scripts: Any, host: str = "api.test") -> FakeUpstream:
    with FakeUpstream(*scripts, tls=server) as upstream:

        async def all() -> None:
            transport = pool_to(upstream, host)
            try:
                await main(transport, upstream)
                assert transport._permits.out == 0
            finally:
                await transport.close()
                await asyncio.sleep(0.002)

        run(all)
    return upstream


async def ask(transport: PoolTransport) -> bytes:
    return await (await transport.send(outgoing(443), patience())).read(1 << 23)


@pytest.mark.usefixtures("trusting")
def test_a_trusted_certificate_and_the_right_name() -> None:
    async def main(transport: PoolTransport, upstream: FakeUpstream) -> None:
        for _ in range(3):
            assert await ask(transport) == b"x"

    upstream = call(serving("api.test"), main, whole(b"x"))
    assert (upstream.count("accept"), upstream.count("request")) == (1, 3)
    assert f"\r\nhost: api.test:{upstream.port}\r\n".encode() in upstream.requests[0]


@pytest.mark.usefixtures("trusting")
def test_streams_and_large_bodies_over_tls() -> None:
    async def main(transport: PoolTransport, upstream: FakeUpstream) -> None:
        assert await ask(transport) == b"data: a\n\n" * 50
        body = b"y" * (3 << 20)
        reply = await transport.send(outgoing(443, body), patience())
        assert await reply.read(1 << 23) == body
        assert len(transport._idle) == 1

    upstream = call(serving("api.test"), main, events([b"a"] * 50), whole(b"y" * (3 << 20)))
    assert upstream.requests[1].endswith(b"y" * (3 << 20))


@pytest.mark.usefixtures("trusting")
def test_a_literal_address_is_verified_as_one() -> None:
    async def right(transport: PoolTransport, upstream: FakeUpstream) -> None:
        assert await ask(transport) == b"x"

    async def wrong(transport: PoolTransport, upstream: FakeUpstream) -> None:
        assert await fault_of(ask(transport)) == "upstream_tls"

    call(serving("127.0.0.1"), right, whole(b"x"), host="127.0.0.1")
    call(serving("api.test"), wrong, whole(b"x"), host="127.0.0.1")


@pytest.mark.usefixtures("trusting")
@pytest.mark.parametrize("server", [serving("other.test"), serving("api.test", authority=trustme.CA())])
def test_a_wrong_name_or_an_unknown_authority_is_a_fault_that_tells_nothing(server: ssl.SSLContext) -> None:
    async def main(transport: PoolTransport, upstream: FakeUpstream) -> None:
        with pytest.raises(Exception, match="upstream_tls") as caught:
            await ask(transport)
        assert caught.value.message == "no trusted TLS connection to the provider"  # type: ignore[attr-defined]
        assert caught.value.__cause__ is None

    assert call(server, main, whole(b"x")).count("request") == 0


@pytest.mark.usefixtures("trusting")
def test_a_server_that_speaks_no_tls() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        async def main() -> None:
            loop = asyncio.get_running_loop()
            transport = PoolTransport(provider(origin(listener.getsockname()[1], "https")))
            task = asyncio.create_task(transport.send(outgoing(443), patience()))
            listener.setblocking(False)
            sock, _ = await loop.sock_accept(listener)
            await loop.sock_sendall(sock, b"HTTP/1.1 400 Bad Request\r\n\r\n")
            assert await fault_of(task) == "upstream_tls"
            sock.close()

        run(main)


@pytest.mark.usefixtures("trusting")
@pytest.mark.parametrize("end", ["clock", "cancel"])
def test_a_handshake_that_hangs(end: str) -> None:
    """F-04, F-30: it ends at the connect clock, or when the caller leaves, and so does the socket."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        async def main() -> None:
            loop = asyncio.get_running_loop()
            transport = PoolTransport(provider(origin(listener.getsockname()[1], "https")))
            task = asyncio.create_task(transport.send(outgoing(443), patience(connect=0.03)))
            listener.setblocking(False)
            sock, _ = await loop.sock_accept(listener)
            assert await loop.sock_recv(sock, 4096), "the client's hello"
            began = time.monotonic()
            if end == "cancel":
                task.cancel()
                await asyncio.wait([task])
                assert task.cancelled()
            else:
                assert await fault_of(task) == "upstream_connect_timeout"
            with contextlib.suppress(ConnectionResetError):
                while await loop.sock_recv(sock, 4096):
                    pass
            assert time.monotonic() - began < 0.3
            assert transport._permits.out == 0
            sock.close()

        run(main)


@pytest.mark.usefixtures("trusting")
def test_cancelling_over_tls_drops_the_upstream_at_once() -> None:
    """F-30."""

    async def main(transport: PoolTransport, upstream: FakeUpstream) -> None:
        task = asyncio.create_task(ask(transport))
        await upstream.saw("request")
        cancelled = time.monotonic()
        task.cancel()
        await asyncio.wait([task])
        await upstream.saw("closed")
        assert upstream.times("closed")[0] - cancelled < 0.25

    call(serving("api.test"), main, [Stall()])


@pytest.mark.usefixtures("trusting")
def test_an_idle_tls_connection_that_the_provider_closes_leaves_the_pool() -> None:
    """F-21."""

    async def main(transport: PoolTransport, upstream: FakeUpstream) -> None:
        assert await ask(transport) == b"x"
        await upstream.saw("closed")
        await asyncio.sleep(0.005)
        assert not transport._idle
        assert await ask(transport) == b"y"

    assert call(serving("api.test"), main, [*whole(b"x"), Close()], whole(b"y")).count("accept") == 2


def test_the_context_verifies_and_offers_http_1_1_only_unless_told() -> None:
    context = client_context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert client_context() is context
    assert client_context(("h2", "http/1.1")) is not context


@pytest.mark.usefixtures("trusting")
def test_the_protocol_that_is_agreed_on_is_http_1_1() -> None:
    async def main(transport: PoolTransport, upstream: FakeUpstream) -> None:
        await ask(transport)
        (connection,) = transport._idle
        agreed = connection._transport.get_extra_info("ssl_object").selected_alpn_protocol()  # type: ignore[union-attr]
        assert agreed == "http/1.1"

    call(serving("api.test"), main, whole(b"x"))


def test_a_system_without_authorities_uses_certifis(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = ssl.get_default_verify_paths()
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths._replace(cafile=None, capath=str(tmp_path)))
    assert not tls.system_has_certificates()
    client_context.cache_clear()
    bundled = ssl.create_default_context(cafile=certifi.where()).cert_store_stats()["x509_ca"]
    assert client_context().cert_store_stats()["x509_ca"] == bundled
    client_context.cache_clear()
    (tmp_path / "one.pem").touch()
    assert tls.system_has_certificates()
