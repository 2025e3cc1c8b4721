"""The GET of what a client named: our own words only, one connection, no address but a public one."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Any

import pytest
import trustme

from engine.upstream import dial as dialling
from engine.upstream.fetch import NAMES, Fetcher
from engine.upstream.resolve import Resolver
from tests.tools.calling import fault_of, origin, patience, run, soon
from tests.tools.fake_upstream import FakeUpstream, Script, Send, Stall, whole
from tests.upstream.test_dial import sink

AUTHORITY = trustme.CA()


@pytest.fixture
def loopback_is_public(monkeypatch: pytest.MonkeyPatch) -> None:
    """The policy is replaced in this process; no option does that."""
    monkeypatch.setattr(dialling, "is_public", lambda address: True)


def fetcher(**more: Any) -> Fetcher:
    return Fetcher(Resolver(lambda host: ["127.0.0.1"]), **more)


def fetched(main: Callable[[Any], Any], *scripts: Script, tls: ssl.SSLContext | None = None) -> FakeUpstream:
    with FakeUpstream(*scripts, tls=tls) as upstream:
        run(lambda: main(upstream))
        return upstream


@pytest.mark.usefixtures("loopback_is_public")
def test_our_own_words_and_no_others() -> None:
    async def main(upstream: FakeUpstream) -> None:
        to = origin(upstream.port, host="pictures.example", allow_private=False)
        for _ in range(2):
            reply = await fetcher().get(to, "/cat.png?size=1", patience())
            assert (reply.status, reply.headers.get(b"content-type")) == (200, b"image/png")
            assert await reply.read(100) == b"meow"
        await soon(lambda: len(upstream.times("eof")) + len(upstream.times("rst")) == 2)

    upstream = fetched(main, whole(b"meow", 200, b"content-type: image/png"))
    for request in upstream.requests:
        lines = request.split(b"\r\n")
        assert lines[0] == b"GET /cat.png?size=1 HTTP/1.1"
        assert sorted(line.partition(b":")[0].lower() for line in lines[1:] if line) == [
            b"accept", b"accept-encoding", b"host", b"user-agent",
        ]  # fmt: skip
        assert b"host: pictures.example" in request.lower()
    assert len(upstream.times("accept")) == 2, "a connection serves once"


@pytest.mark.usefixtures("loopback_is_public")
def test_tls_is_verified() -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("pictures.example").configure_cert(server)
    ours = ssl.create_default_context()
    AUTHORITY.configure_trust(ours)

    async def main(upstream: FakeUpstream) -> None:
        good, other = (origin(upstream.port, "https", f"{name}.example", allow_private=False) for name in ("pictures", "other"))
        reply = await fetcher(context=ours).get(good, "/", patience())
        assert await reply.read(100) == b"meow"
        assert await fault_of(fetcher(context=ours).get(other, "/", patience())) == "upstream_tls"

    fetched(main, whole(b"meow"), tls=server)


@pytest.mark.usefixtures("loopback_is_public")
def test_more_than_may_come_is_a_fault_announced_or_not() -> None:
    async def main(upstream: FakeUpstream) -> None:
        to = origin(upstream.port, allow_private=False)
        for _ in range(2):
            limited = patience()
            limited.most = 10

            async def all(limited: Any = limited) -> None:
                reply = await fetcher().get(to, "/", limited)
                await reply.pour(lambda piece: None)

            assert await fault_of(all()) == "upstream_too_large"

    chunked = b"HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n" + b"8\r\n12345678\r\n" * 2 + b"0\r\n\r\n"
    fetched(main, whole(b"x" * 11), [Send(chunked)])


@pytest.mark.usefixtures("loopback_is_public")
def test_what_comes_packed_and_what_does_not_come() -> None:
    async def main(upstream: FakeUpstream) -> None:
        to = origin(upstream.port, allow_private=False)
        assert await fault_of(fetcher().get(to, "/", patience())) == "upstream_encoding"
        assert await fault_of(fetcher().get(to, "/", patience(first_byte=0.02))) == "upstream_first_byte_timeout"

    fetched(main, whole(b"x", 200, b"content-encoding: gzip"), [Stall()])


@pytest.mark.usefixtures("loopback_is_public")
def test_cancelled_it_drops_its_connection() -> None:
    async def main(upstream: FakeUpstream) -> None:
        getting = asyncio.create_task(fetcher().get(origin(upstream.port, allow_private=False), "/", patience()))
        await soon(lambda: upstream.times("request"))
        getting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await getting
        await soon(lambda: upstream.times("eof") or upstream.times("rst"))

    assert len(fetched(main, [Stall()]).requests) == 1


def test_no_private_address_by_name_by_number_or_by_mistake() -> None:
    async def main() -> None:
        for host in ("private.example", "127.0.0.1", "localhost"):
            to = origin(port, host=host, allow_private=False)
            assert await fault_of(fetcher().get(to, "/", patience())) == "upstream_blocked"
        with pytest.raises(ValueError, match="never"):
            await fetcher().get(origin(port), "/", patience())

    with sink() as (port, reached):
        run(main)
    assert not reached


def test_names_that_clients_choose_fill_no_memory() -> None:
    async def main() -> None:
        for number in range(NAMES + 20):
            to = origin(443, host=f"n{number}.example", allow_private=False)
            await fault_of(made.get(to, "/", patience()))

    resolver = Resolver(lambda host: ["127.0.0.1"], most=NAMES)
    made = Fetcher(resolver)
    run(main)
    assert len(resolver._known) <= NAMES
