import asyncio
import json

import pytest
import uvloop

from engine.runtime.generation import Mismatch
from engine.runtime.in_process import serve_in_process
from engine.stages.respond import Respond
from tests.tools.running import table


async def get(address: tuple[str, int], path: str) -> bytes:
    reader, writer = await asyncio.open_connection(*address)
    writer.write(f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())
    try:
        return (await asyncio.wait_for(reader.read(), 5)).split(b"\r\n\r\n", 1)[1]
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_a_table_is_served_in_this_very_process(run) -> None:
    async def main() -> None:
        async with serve_in_process(table(word="${WORD}"), {"WORD": "here"}) as address:
            assert await get(address, "/word") == b"here"
            assert json.loads(await get(address, "/health"))["generation"] == 1
            assert b"engine_requests_total" in await get(address, "/metrics")
        with pytest.raises(OSError):
            await asyncio.open_connection(*address)

    run(main())


def test_a_wrong_table_is_refused_with_its_complaints() -> None:
    async def main() -> None:
        async with serve_in_process("version: 1\nnonsense: 1\n"):
            raise AssertionError("it was served")

    with pytest.raises(Mismatch, match=r"routes.yaml:2:1 R\d+"):
        asyncio.run(main())


def test_mistakes_of_our_own_are_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    def bind(self: Respond, binding: object) -> object:
        def respond(exchange: object) -> None:
            raise ZeroDivisionError

        return respond

    async def main() -> None:
        async with serve_in_process(table()) as address:
            assert b'"error"' in await get(address, "/word")

    monkeypatch.setattr(Respond, "bind", bind)
    with pytest.raises(ZeroDivisionError):
        asyncio.run(main())
