"""The same port over httpx: the same faults, nothing from the environment, nothing decoded, nothing followed."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
import sys
import time
from typing import Any

import pytest
import trustme

from engine.ports import Outgoing
from engine.program import Provider
from engine.secret import Secret
from engine.upstream.httpx_transport import HttpxReply, HttpxTransport
from engine.upstream.resolve import Resolver
from tests.tools.calling import fault_of, origin, outgoing, patience, provider, run, soon, target
from tests.tools.fake_upstream import CHUNKED_HEAD, Close, FakeUpstream, Reset, Send, Stall, Wait, answer, chunk, events, whole


def play(main: Any, *scripts: Any, make: Any = None, **more: Any) -> FakeUpstream:
    with FakeUpstream(*scripts) as upstream:

        async def all() -> None:
            transport = make(upstream) if make else HttpxTransport(provider(upstream.port, **more))
            try:
                await main(transport, upstream)
            finally:
                await transport.close()
                await asyncio.sleep(0.001)

        run(all)
    return upstream


async def ask(transport: HttpxTransport, call: Outgoing | None = None, **clocks: float) -> bytes:
    return await (await transport.send(call or outgoing(1), patience(**clocks))).read(1000)


def test_importing_the_module_does_not_import_httpx() -> None:
    code = "import sys, engine.upstream.httpx_transport; sys.exit('httpx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_answer_and_the_exact_request() -> None:
    to = target(1, pairs=((b"authorization", b"Bearer sk"), (b"connection", b"close")))

    async def main(transport: HttpxTransport, upstream: FakeUpstream) -> None:
        for _ in range(2):
            reply = await transport.send(outgoing(to, b"{}", path="/v1/a%2Fb?x=1", pairs=((b"x-a", b"b"),)), patience())
            assert (reply.status, reply.headers.get(b"x-id")) == (200, b"7")
            assert await reply.read(100) == b"ok"

    upstream = play(main, whole(b"ok", 200, b"X-Id: 7", b"set-cookie: a=b"))
    assert upstream.count("accept") == 2, "over HTTP/1.1 a connection is used once"
    head = (
        f"POST /v1/a%2Fb?x=1 HTTP/1.1\r\nhost: 127.0.0.1:{upstream.port}\r\naccept-encoding: identity\r\n"
        "authorization: Bearer sk\r\nx-a: b\r\ncontent-length: 2\r\n\r\n{}"
    )
    assert [request.decode() for request in upstream.requests] == [head, head]


def test_events_are_poured_as_they_come() -> None:
    async def main(transport: HttpxTransport, upstream: FakeUpstream) -> None:
        got: list[bytes] = []
        await (await transport.send(outgoing(1), patience())).pour(got.append)
        assert b"".join(got) == b"data: a\n\n" * 5
        assert len(got) >= 3

    play(main, events([b"a"] * 5, pace=0.002))


def test_pause_stops_pulling_and_resume_goes_on() -> None:
    async def main(transport: HttpxTransport, upstream: FakeUpstream) -> None:
        got: list[bytes] = []
        reply = await transport.send(outgoing(1), patience(idle=0.05))

        def write(piece: bytes) -> None:
            got.append(piece)
            if len(got) == 1:
                reply.pause()

        task = asyncio.create_task(reply.pour(write))
        await asyncio.sleep(0.07)
        assert (len(got), task.done()) == (1, False), "a wait of ours is not a stall"
        reply.resume()
        await task
        assert b"".join(got) == b"data: a\n\n" * 5

    play(main, events([b"a"] * 5, pace=0.001))


@pytest.mark.parametrize(
    ("script", "clocks", "code"),
    [
        ([Stall()], {"first_byte": 0.02}, "upstream_first_byte_timeout"),
        ([Stall()], {"whole": 0.02}, "upstream_timeout"),
        ([Send(CHUNKED_HEAD), Stall()], {"idle": 0.02}, "upstream_stalled"),
        ([Send(CHUNKED_HEAD), *[Send(chunk(b"a")), Wait(0.005)] * 50], {"whole": 0.04, "idle": 0.03}, "upstream_timeout"),
        ([Send(CHUNKED_HEAD), Wait(0.03), Send(chunk(b"a")), Close()], {"first_byte": 0.02}, "upstream_truncated"),
        ([Send(CHUNKED_HEAD + b"5\r\nab"), Wait(0.005), Reset()], {}, "upstream_truncated"),
        ([Close()], {}, "upstream_reset"),
        ([Reset()], {}, "upstream_reset"),
        ([Send(b"junk\r\n\r\n")], {}, "upstream_protocol"),
        ([Send(CHUNKED_HEAD + b"junk\r\n")], {}, "upstream_protocol"),
        (whole(b"x" * 1001), {}, "upstream_too_large"),
        (whole(b"x", 200, b"content-encoding: gzip"), {}, "upstream_encoding"),
    ],
)
def test_how_an_answer_fails(script: list[Any], clocks: dict[str, float], code: str) -> None:
    async def main(transport: HttpxTransport, upstream: FakeUpstream) -> None:
        assert await fault_of(ask(transport, **clocks)) == code

    play(main, script)


def test_a_closed_port_and_a_hanging_one() -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        transport = HttpxTransport(provider(port))
        assert await fault_of(ask(transport)) == "upstream_connect"
        assert await fault_of(ask(transport, whole=-1.0)) == "upstream_timeout"
        await transport.close()

    run(main)


def test_a_connection_is_waited_for_only_so_long() -> None:
    async def main(transport: HttpxTransport, upstream: FakeUpstream) -> None:
        holding = await transport.send(outgoing(1), patience())
        assert await fault_of(ask(transport)) == "upstream_pool_timeout"
        holding.close()
        assert await ask(transport) == b"x"

    play(main, [Send(CHUNKED_HEAD), Stall()], whole(b"x"), connections=1, wait=0.05)


def test_redirects_are_not_followed() -> None:
    """F-16."""

    async def main(transport: HttpxTransport, upstream: FakeUpstream) -> None:
        reply = await transport.send(outgoing(1), patience())
        assert reply.status == 307
        await reply.read(0)

    assert play(main, whole(b"", 307, b"location: http://127.0.0.1:1/")).count("request") == 1


@pytest.mark.parametrize("asleep_in", ["send", "read", "paused"])
def test_cancelling_drops_the_upstream(asleep_in: str) -> None:
    """F-30."""

    async def main(transport: HttpxTransport, upstream: FakeUpstream) -> None:
        async def work() -> None:
            reply = await transport.send(outgoing(1), patience())
            if asleep_in == "paused":
                reply.pause()
            await reply.read(100)

        task = asyncio.create_task(work())
        await upstream.saw("request")
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        await upstream.saw("eof", within=0.5)

    play(main, [Stall()] if asleep_in == "send" else [Send(CHUNKED_HEAD + chunk(b"a")), Stall()])


def test_closing_drops_what_is_unfinished_once() -> None:
    async def main(transport: HttpxTransport, upstream: FakeUpstream) -> None:
        reply: HttpxReply = await transport.send(outgoing(1), patience())
        reply.close()
        reply.close()
        await upstream.saw("eof")
        await soon(lambda: not transport._dropping)
        assert await fault_of(reply.read(1)) == "client_gone"

    play(main, [Send(CHUNKED_HEAD), Stall()])


@pytest.mark.parametrize("paused", [True, False])
def test_closing_wakes_who_pours(paused: bool) -> None:
    async def main(transport: HttpxTransport, upstream: FakeUpstream) -> None:
        reply = await transport.send(outgoing(1), patience())
        if paused:
            reply.pause()
        task = asyncio.create_task(fault_of(reply.pour(lambda piece: None)))
        await asyncio.sleep(0.005)
        reply.close()
        assert await task == "client_gone"
        await upstream.saw("eof")
        await soon(lambda: not transport._dropping)

    play(main, [Send(CHUNKED_HEAD), Stall()])


def test_closing_what_ended_changes_nothing() -> None:
    async def main(transport: HttpxTransport, upstream: FakeUpstream) -> None:
        for _ in range(2):
            reply = await transport.send(outgoing(1), patience())
            assert await reply.read(10) == b"x"
            reply.close()
        assert not transport._dropping

    play(main, whole(b"x"))


@pytest.mark.parametrize(
    "lines",
    [b"a: " + b"b" * 70_000, b"\r\n".join([b"a: b"] * 200), b"transfer-encoding: chunked"],
    ids=["a large head", "many fields", "two framings"],
)
def test_limits_and_framing_are_judged_after_httpx(lines: bytes) -> None:
    """F-08, F-09."""

    async def main(transport: HttpxTransport, upstream: FakeUpstream) -> None:
        assert await fault_of(transport.send(outgoing(1), patience())) == "upstream_protocol"

    play(main, [Send(answer(b"0\r\n\r\n", 200, lines))])


@pytest.mark.parametrize("extra", [answer(b"evil"), b"\r\nxyz"])
def test_bytes_after_an_answer_reach_nobody(extra: bytes) -> None:
    """I7, F-22: httpx does not look at them, so it is given no connection to use again."""

    async def main(transport: HttpxTransport, upstream: FakeUpstream) -> None:
        for _ in range(3):
            assert await (await transport.send(outgoing(1), patience())).read(100) == b"good"

    play(main, [Send(answer(b"good") + extra)])


def test_what_a_write_raises_comes_out_of_pour() -> None:
    async def main(transport: HttpxTransport, upstream: FakeUpstream) -> None:
        reply = await transport.send(outgoing(1), patience())
        with pytest.raises(ZeroDivisionError):
            await reply.pour(lambda piece: 1 // 0)  # type: ignore[arg-type, return-value]
        await upstream.saw("eof")

    play(main, [Send(CHUNKED_HEAD + chunk(b"a")), Stall()])


def test_a_field_that_cannot_be_written_is_refused() -> None:
    """I2."""

    async def main(transport: HttpxTransport, upstream: FakeUpstream) -> None:
        assert await fault_of(ask(transport, outgoing(1, pairs=((b"x", b"a\r\nb: c"),)))) == "internal"

    assert play(main, whole(b"")).count("accept") == 0


def test_closing_the_transport_lets_replies_end() -> None:
    async def main(transport: HttpxTransport, upstream: FakeUpstream) -> None:
        await ask(transport)
        reply = await transport.send(outgoing(1), patience())
        sending = asyncio.create_task(ask(transport))
        await upstream.saw("request", 3)
        await transport.close()
        assert await reply.read(1000) == b"data: a\n\n" * 5
        assert await sending == b"data: a\n\n" * 5
        await upstream.saw("eof", 2)
        assert transport._under_way == 0

    play(main, events([b"a"] * 5, pace=0.002))


# Where it connects to.


def test_the_environment_chooses_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    async def main(transport: HttpxTransport, upstream: FakeUpstream) -> None:
        assert await ask(transport) == b"x"

    play(main, whole(b"x"))


def test_a_proxy_is_asked_for_the_whole_url() -> None:
    def through(upstream: FakeUpstream) -> HttpxTransport:
        proxy = Secret(f"http://user:pass@127.0.0.1:{upstream.port}")
        return HttpxTransport(provider(origin(8080, host="api.test", allow_private=False), proxy=proxy))

    async def main(transport: HttpxTransport, upstream: FakeUpstream) -> None:
        assert await ask(transport) == b"x"

    (request,) = play(main, whole(b"x"), make=through).requests
    assert request.startswith(b"POST http://api.test:8080/v1/chat HTTP/1.1\r\n")
    assert b"dXNlcjpwYXNz" in request
    assert b"\r\nhost: api.test:8080\r\n" in request


@pytest.mark.parametrize(
    ("to", "proxied"),
    [
        (origin(80, host="127.0.0.1", allow_private=False), False),
        (origin(80, host="name.test", allow_private=False), False),
        (origin(80, host="127.0.0.1", allow_private=False), True),
        (origin(80, host="::ffff:10.0.0.1", allow_private=False), True),
    ],
)
def test_refused_addresses_are_not_dialled(to: Any, proxied: bool) -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            proxy = Secret(f"http://127.0.0.1:{listener.getsockname()[1]}") if proxied else None
            transport = HttpxTransport(provider(to, proxy=proxy), Resolver(lambda host: ["8.8.8.8", "10.0.0.1"]))
            assert await fault_of(ask(transport)) == "upstream_blocked"
            listener.setblocking(False)
            with pytest.raises(BlockingIOError):
                listener.accept()

    run(main)


def test_a_name_is_resolved_once_and_travels_as_host_and_sni() -> None:
    authority = trustme.CA()
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("api.test").configure_cert(server)
    authority.configure_trust(client)
    asked: list[str] = []
    indicated: list[str | None] = []
    server.sni_callback = lambda sock, name, context: indicated.append(name)  # type: ignore[assignment]

    def look_up(host: str) -> list[str]:
        asked.append(host)
        return ["127.0.0.2", "127.0.0.1"]  # nobody listens on the first

    def made(at: Provider, context: ssl.SSLContext) -> HttpxTransport:
        return HttpxTransport(at, Resolver(look_up), context=context)

    with FakeUpstream(whole(b"x"), tls=server) as upstream:

        async def main() -> None:
            right = made(provider(origin(upstream.port, "https", "api.test")), client)
            assert await ask(right) == b"x"
            wrong_name = made(provider(origin(upstream.port, "https", "other.test")), client)
            assert await fault_of(ask(wrong_name)) == "upstream_tls"
            untrusted = made(provider(origin(upstream.port, "https", "api.test")), ssl.create_default_context())
            assert await fault_of(ask(untrusted)) == "upstream_tls"
            for transport in (right, wrong_name, untrusted):
                await transport.close()
            await asyncio.sleep(0.005)

        run(main)
    assert asked == ["api.test", "other.test", "api.test"]
    assert indicated == ["api.test", "other.test", "api.test"]
    assert f"host: api.test:{upstream.port}\r\n".encode() in upstream.requests[0]


def test_http_2_is_offered_when_wanted() -> None:
    authority = trustme.CA()
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(server)
    authority.configure_trust(client)
    server.set_alpn_protocols(["h2"])

    async def main() -> None:
        transport = HttpxTransport(provider(origin(upstream.port, "https"), http2=True), context=client)
        await fault_of(ask(transport, first_byte=0.05))
        await transport.close()
        await asyncio.sleep(0.005)

    # The upstream speaks HTTP/1.1 only; what it takes for a request is HTTP/2's preface.
    with FakeUpstream([Close()], tls=server) as upstream:
        began = time.monotonic()
        run(main)
        assert time.monotonic() - began < 1
    assert upstream.requests[0].startswith(b"PRI * HTTP/2.0\r\n\r\n")


def test_peeking_takes_nothing_away() -> None:
    """F-11"""

    async def main(transport: HttpxTransport, upstream: FakeUpstream) -> None:
        got: list[bytes] = []
        reply = await transport.send(outgoing(1), patience())
        held = await reply.peek(0)
        assert (await reply.peek(len(held))).startswith(held)
        await reply.pour(got.append)
        assert b"".join(got) == b"data: a\n\n" * 3
        ended = await transport.send(outgoing(1), patience())
        assert await ended.peek(10_000) == b"data: a\n\n" * 3
        assert await ended.read(10_000) == b"data: a\n\n" * 3

    play(main, events([b"a"] * 3, pace=0.002))


@pytest.mark.parametrize("later", [0.0, 0.01])
def test_what_was_only_looked_at_is_dropped(later: float) -> None:
    """F-30: no generator and no connection is left open."""

    async def main(transport: HttpxTransport, upstream: FakeUpstream) -> None:
        reply = await transport.send(outgoing(1), patience())
        assert await reply.peek(0)
        await asyncio.sleep(later)
        reply.close()
        await upstream.saw("closed")
        await soon(lambda: transport._under_way == 0)

    play(main, [Send(CHUNKED_HEAD + chunk(b"data: a\n\n")), Stall()])


def test_no_body_is_longer_than_can_be_borne() -> None:
    """F-25"""

    async def main(transport: HttpxTransport, upstream: FakeUpstream) -> None:
        asked = patience()
        asked.most = 20
        assert await fault_of((await transport.send(outgoing(1), asked)).pour(lambda piece: None)) == "upstream_too_large"

    play(main, events([b"abcdefgh"] * 9))
