import asyncio
import gc
from collections.abc import Coroutine
from typing import Any

import pytest

from engine.observe.metrics import Figures
from engine.ports import Outgoing, Patience
from engine.program import Program, Provider
from engine.providers.echo import EchoOptions, respond
from engine.runtime import serving as module
from engine.runtime.generation import check_table
from engine.runtime.serving import Serving
from engine.runtime.table import Table
from engine.script import Script
from engine.server.sockets import bind_sockets
from engine.upstream.echo import EchoTransport
from tests.tools.running import table

ASK = b'{"model":"m","messages":[{"role":"user","content":"hello"}]}'


def program(text: str) -> Program:
    checked, _ = check_table(Table("routes.yaml", text, {}))
    assert checked.program is not None, checked.complaints
    return checked.program


class Upstream:
    """Every transport that was made, and which were closed. A request waits until the test lets it go on."""

    def __init__(self) -> None:
        self.made: list[Upstream.Transport] = []
        self.asked = asyncio.Event()
        self.go_on = asyncio.Event()

    def make(self, provider: Provider) -> Any:
        self.made.append(Upstream.Transport(self, provider))
        return self.made[-1]

    class Transport:
        def __init__(self, upstream: "Upstream", provider: Provider) -> None:
            self.upstream, self.provider, self.closed = upstream, provider, asyncio.Event()

        async def send(self, outgoing: Outgoing, patience: Patience) -> Any:
            self.upstream.asked.set()
            await self.upstream.go_on.wait()
            return await EchoTransport(lambda _: _answer(outgoing)).send(outgoing, patience)

        async def close(self) -> None:
            self.closed.set()


def _answer(outgoing: Outgoing) -> Script:
    return respond(outgoing, EchoOptions())


async def request(port: int, line: bytes, body: bytes = b"") -> bytes:
    """The whole answer to one request on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = b"%b HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    writer.write(head % (line, len(body)) + body)
    try:
        return await asyncio.wait_for(reader.read(), 5)
    finally:
        writer.close()
        await writer.wait_closed()


class Scene:
    def __init__(self) -> None:
        self.mistakes: list[BaseException] = []
        self.rows: list[dict[str, Any]] = []
        self.figures = Figures()
        self.serving = Serving(self.figures, self.rows.append, self.mistakes.append)
        self.port = 0

    async def start(self, text: str) -> None:
        self.serving.adopt(program(text), 1)
        (sock,) = bind_sockets("127.0.0.1:0")
        self.port = sock.getsockname()[1]
        await self.serving.start([sock])

    async def word(self) -> bytes:
        return (await request(self.port, b"GET /word")).split(b"\r\n\r\n")[1]


def play(scene: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scene, 10))


def test_the_next_request_is_served_by_the_new_table() -> None:
    """F-62."""

    async def main() -> None:
        scene = Scene()
        await scene.start(table(word="one"))
        assert await scene.word() == b"one"
        scene.serving.adopt(program(table(word="two")), 2)
        assert await scene.word() == b"two"
        assert scene.serving.status()["generation"] == 2
        await scene.serving.close()
        assert scene.mistakes == []

    play(main())


def test_a_request_in_flight_keeps_its_table_and_its_transport(monkeypatch: pytest.MonkeyPatch) -> None:
    """F-62: the provider is gone from the new table, and is closed when the last request of the old one has ended."""

    async def main() -> None:
        upstream = Upstream()
        monkeypatch.setattr(module, "transport_maker", lambda meter: upstream.make)
        scene = Scene()
        await scene.start(table())
        asking = asyncio.ensure_future(request(scene.port, b"POST /v1/chat/completions", ASK))
        await upstream.asked.wait()
        (old,) = upstream.made
        scene.serving.adopt(program(table().replace("echo", "other").replace("kind: other", "kind: echo")), 2)
        gc.collect()
        await asyncio.sleep(0)
        assert not old.closed.is_set()
        upstream.go_on.set()
        assert b"hello" in await asking
        await old.closed.wait()
        await scene.serving.close()
        assert scene.mistakes == []
        assert [row["status_code"] for row in scene.rows] == [200]

    play(main())


def test_a_provider_that_stays_keeps_its_transport(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        upstream = Upstream()
        upstream.go_on.set()
        monkeypatch.setattr(module, "transport_maker", lambda meter: upstream.make)
        scene = Scene()
        await scene.start(table())
        for number in range(2, 5):
            assert b"hello" in await request(scene.port, b"POST /v1/chat/completions", ASK)
            scene.serving.adopt(program(table(word=str(number))), number)
        assert len(upstream.made) == 1
        gc.collect()
        await asyncio.sleep(0)
        assert not upstream.made[0].closed.is_set()
        await scene.serving.close()
        assert upstream.made[0].closed.is_set()

    play(main())


def test_a_table_that_cannot_be_bound_leaves_the_old_one(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        scene = Scene()
        await scene.start(table())

        def refuse(*args: object) -> None:
            raise ValueError("no")

        with monkeypatch.context() as patch:
            patch.setattr(module, "Interpreter", refuse)
            with pytest.raises(ValueError, match="no"):
                scene.serving.adopt(program(table(word="two")), 2)
        assert await scene.word() == b"one"
        assert scene.serving.status()["generation"] == 1
        await scene.serving.close()

    play(main())


def test_draining_is_shown_and_new_limits_are_taken() -> None:
    """F-60: readiness goes first."""

    async def main() -> None:
        scene = Scene()
        await scene.start(table(shutdown="7s"))
        assert scene.serving.patience == 7.0
        scene.serving.adopt(program(table(shutdown="3s")), 2)
        assert scene.serving.patience == 3.0
        assert not scene.serving.status()["draining"]
        await scene.serving.drain(0.0)
        assert scene.serving.status()["draining"]
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", scene.port)
        await scene.serving.close()

    play(main())
