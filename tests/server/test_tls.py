"""engine/server/tls.py, and the server behind it."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import trustme

from engine.faults import Fault
from engine.server.sockets import ListenError
from engine.server.tls import server_context
from engine.settings import Tls
from engine.web import Request
from tests.tools.raw import PATIENCE, until
from tests.tools.serving import Tap, echo, get, post, serving, streamed


class Papers:
    """A certificate for localhost on disk, and a client that trusts it."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        issued = authority.issue_cert("localhost")
        self.cert, self.key = folder / "cert.pem", folder / "key.pem"
        self.key.write_bytes(issued.private_key_pem.bytes())
        self.cert.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        self.tls = Tls(cert=str(self.cert), key=str(self.key))
        self.client = ssl.create_default_context()
        authority.configure_trust(self.client)


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    return Papers(tmp_path_factory.mktemp("tls"))


def test_tls_1_2_or_later_and_http_1_1(papers: Papers) -> None:
    context = server_context(papers.tls)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.verify_mode == ssl.CERT_NONE


@pytest.mark.parametrize("missing", ["cert", "key"])
def test_a_missing_file_is_named(papers: Papers, missing: str, tmp_path: Path) -> None:
    nowhere = str(tmp_path / "nowhere.pem")
    tls = Tls(**{"cert": str(papers.cert), "key": str(papers.key), missing: nowhere})
    with pytest.raises(ListenError, match=f"server.tls.{missing}: .*nowhere.pem cannot be read"):
        server_context(tls)


def test_a_key_of_another_certificate_is_told(papers: Papers, tmp_path: Path) -> None:
    with pytest.raises(ListenError, match="is not the key of the certificate"):
        server_context(Tls(cert=str(papers.cert), key=str(Papers(tmp_path).key)))


def test_what_is_not_pem_is_told(papers: Papers, tmp_path: Path) -> None:
    (tmp_path / "x.pem").write_text("not PEM")
    with pytest.raises(ListenError, match="must be PEM files"):
        server_context(Tls(cert=str(tmp_path / "x.pem"), key=str(papers.key)))


async def _call(address: tuple[str, int], context: ssl.SSLContext, sent: bytes, whole: bytes) -> bytes:
    """Sends, and reads until `whole` has come or the end."""
    reader, writer = await asyncio.open_connection(*address, ssl=context, server_hostname="localhost")
    writer.write(sent)
    got = b""
    async with asyncio.timeout(PATIENCE):
        while not got.endswith(whole) and (piece := await reader.read(65536)):
            got += piece
    writer.close()
    with suppress(ssl.SSLError, ConnectionError):
        await writer.wait_closed()
    return got


def test_requests_over_tls(run, papers: Papers) -> None:
    seen: list[bool] = []

    async def handler(request: Request, client: Any) -> None:
        seen.append(request.secure)
        await echo(request, client)

    async def main() -> None:
        async with serving(handler, context=server_context(papers.tls)) as served:
            got = await _call(served.address, papers.client, post(b"x" * 100_000, "/1") + get("/2"), b"GET /2 ")
            assert got.count(b"HTTP/1.1 200 OK") == 2
            assert b"POST /1 " + b"x" * 100_000 in got
            await until(lambda: served.listener.connections == 0)

    run(main())
    assert seen == [True, True]


def test_a_stream_and_its_end_over_tls(run, papers: Papers) -> None:
    tap = Tap()

    async def handler(request: Request, client: Any) -> None:
        await client.stream(streamed(tap), lambda _: None)

    async def main() -> None:
        async with serving(handler, context=server_context(papers.tls)) as served:
            calling = asyncio.ensure_future(_call(served.address, papers.client, get(), b"0\r\n\r\n"))
            await until(lambda: tap.write)
            tap.push(b"piece")
            tap.end(Fault("upstream_stalled"))
            assert (await calling).endswith(b"\r\n\r\n5\r\npiece\r\n11\r\n!upstream_stalled\r\n0\r\n\r\n")

    run(main())


def test_a_malformed_request_over_tls_is_answered_and_closed_i1(run, papers: Papers, monkeypatch: pytest.MonkeyPatch) -> None:
    # There is no half-close in TLS: the connection stays open for this long.
    monkeypatch.setattr("engine.server.line.LINGER_SECONDS", 0.02)

    async def main() -> None:
        async with serving(echo, context=server_context(papers.tls)) as served:
            got = await _call(served.address, papers.client, b"BAD\r\n\r\n" + get("/smuggled"), b"no such end")
            assert got.startswith(b"HTTP/1.1 400 ")
            assert got.endswith(b"\r\n\r\nbad_request")
            assert b"/smuggled" not in got

    run(main())


def test_a_client_that_leaves_over_tls_is_gone_f30(run, papers: Papers) -> None:
    tap = Tap()

    async def handler(request: Request, client: Any) -> None:
        await client.stream(streamed(tap), lambda _: None)

    async def main() -> None:
        async with serving(handler, context=server_context(papers.tls)) as served:
            await _call(served.address, papers.client, get(), b"\r\n\r\n")
            await until(lambda: tap.cancelled and served.listener.connections == 0)

    run(main())


def test_plain_text_to_a_tls_port_is_no_error_of_ours(run, papers: Papers) -> None:
    async def main() -> None:
        async with serving(echo, context=server_context(papers.tls)) as served, await served.connect() as client:
            await client.send(get())
            await client.read_to_end()
            assert served.listener.connections == 0

    run(main())
