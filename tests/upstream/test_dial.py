"""The dial function: what Appendix D of the reliability rules refuses, and how a connection fails."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import pytest

from engine.faults import Fault
from engine.upstream.dial import dial
from engine.upstream.resolve import Resolver
from tests.tools.calling import fault_of, origin, run

# What the system's resolver reads as a loopback address; the last two begin as other letters (NFKC).
SPELLINGS = ["0177.0.0.1", "2130706433", "127.1", "0x7f.1", "0x7f000001", "LOCALHOST", "0", "①②⑦.⓪.⓪.①", "127。0。0。1"]


@contextmanager
def sink() -> Iterator[tuple[int, list[object]]]:
    """A listener on loopback, and what has been accepted on it once the block is over."""
    reached: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1], reached
        listener.setblocking(False)
        try:
            sock, peer = listener.accept()
            sock.close()
            reached.append(peer)
        except BlockingIOError:
            pass


@pytest.mark.parametrize("host", [*SPELLINGS, "127.0.0.1", "::ffff:127.0.0.1", "::1", "0.0.0.0"])
def test_no_connection_leaves_for_a_refused_address_however_it_is_spelt(host: str) -> None:
    async def main() -> None:
        with pytest.raises(Fault) as caught:
            await dial(origin(port, host=host, allow_private=False), asyncio.Protocol, Resolver(), 2)
        assert caught.value.code == "upstream_blocked"
        assert "127" not in caught.value.message
        assert host not in caught.value.message

    with sink() as (port, reached):
        run(main)
    assert not reached


URL_TRICKS = [
    "api.openai.com@127.0.0.1", "127.0.0.1#.openai.azure.com", "127.0.0.1\\@api.openai.com", "api.openai.com:443@evil",
    "[::ffff:7f00:1]", "127.0.0.1/", "127.0.0.1\r\nx: y", "127.0.0.1\t", " 127.0.0.1", "//evil", "", "a" * 70, "127.0.0.1\x00",
]  # fmt: skip


@pytest.mark.parametrize("host", URL_TRICKS)
def test_what_is_no_host_reaches_nothing(host: str) -> None:
    """Whatever a route table lets through, the dial function takes a host as one name: it neither splits nor repairs it."""

    async def main() -> None:
        assert await fault_of(dial(origin(port, host=host, allow_private=False), asyncio.Protocol, Resolver(), 2)) in (
            "upstream_dns",
            "upstream_blocked",
        )

    with sink() as (port, reached):
        run(main)
    assert not reached


@pytest.mark.parametrize("answer", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["127.0.0.1", "8.8.8.8"], ["::ffff:7f00:1"]])
def test_one_refused_address_among_a_names_answers_refuses_the_name(answer: list[str]) -> None:
    async def main() -> None:
        resolver = Resolver(lambda host: answer)
        assert await fault_of(dial(origin(port, host="api.test", allow_private=False), asyncio.Protocol, resolver, 2)) == (
            "upstream_blocked"
        )

    with sink() as (port, reached):
        run(main)
    assert not reached


def test_a_name_is_resolved_once_and_exactly_that_address_is_dialled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rebinding: the second answer of a name server with TTL 0 is never asked for."""
    answers = iter([["8.8.8.8"], ["127.0.0.1"]])

    async def main() -> list[str]:
        loop = asyncio.get_running_loop()
        dialled: list[str] = []

        async def connect(protocol: object, host: str, port: int, **_: object) -> tuple[None, object]:
            dialled.append(host)
            return None, protocol

        monkeypatch.setattr(loop, "create_connection", connect)
        await dial(origin(443, host="api.test", allow_private=False), asyncio.Protocol, Resolver(lambda h: next(answers)), 2)
        return dialled

    # The stock loop: uvloop's cannot be patched.
    assert run(main, on_uvloop=False) == ["8.8.8.8"]


def test_addresses_are_tried_in_turn() -> None:
    async def main() -> None:
        # Nothing listens on the second loopback address.
        resolver = Resolver(lambda host: ["127.0.0.2", "127.0.0.1"])
        protocol = await dial(origin(port, host="api.test"), Caught, resolver, 2)
        protocol.transport.abort()
        await asyncio.sleep(0)

    with sink() as (port, reached):
        run(main)
    assert reached


class Caught(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)


def test_a_closed_port_is_refused_at_once() -> None:
    """F-01."""

    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        assert await fault_of(dial(origin(port), asyncio.Protocol, Resolver(), 2)) == "upstream_connect"

    run(main)


@contextmanager
def full_backlog() -> Iterator[int]:
    """A listener that takes no more connections: further SYNs are left unanswered."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = []
        for _ in range(8):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
            fillers.append(filler)
        yield listener.getsockname()[1]
        for filler in fillers:
            filler.close()


def test_a_connect_that_hangs_ends_at_its_clock() -> None:
    """F-02."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        assert await fault_of(dial(origin(port), asyncio.Protocol, Resolver(), 0.03)) == "upstream_connect_timeout"
        assert 0.025 < loop.time() - began < 0.3

    with full_backlog() as port:
        run(main)


def test_an_address_that_hangs_leaves_time_for_the_next() -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.2", port)):
            resolver = Resolver(lambda host: ["127.0.0.1", "127.0.0.2"])
            protocol = await dial(origin(port, host="api.test"), Caught, resolver, 0.2)
            assert protocol.transport.get_extra_info("peername")[0] == "127.0.0.2"
            protocol.transport.abort()
            await asyncio.sleep(0)

    with full_backlog() as port:
        run(main)


def test_a_name_server_that_hangs_counts_against_the_same_clock() -> None:
    """F-03."""
    import threading

    release = threading.Event()

    def hang(host: str) -> list[str]:
        release.wait(5)
        return ["8.8.8.8"]

    async def main() -> None:
        assert await fault_of(dial(origin(443, host="api.test"), asyncio.Protocol, Resolver(hang), 0.02)) == "upstream_dns"
        release.set()

    run(main)
