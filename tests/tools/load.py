"""Callers that go on calling while something happens to the gateway, and a count of what became of every request."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson

from tests.tools.deployed import CHAT, chat
from tests.tools.raw import Answer, Raw

WORD = b"GET /word HTTP/1.1\r\nhost: x\r\n\r\n"


@dataclass
class Tally:
    """`answered` by status and body; `failed` is what a request that was begun came to instead; `refused` are connections that
    were never made; `let_go` are requests on a kept connection that the server had just ended, of which it saw nothing."""

    answered: Counter[tuple[int, bytes]] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    refused: int = 0
    let_go: int = 0
    done: bool = False

    @property
    def total(self) -> int:
        return self.answered.total()

    async def _ask(self, raw: Raw, request: bytes) -> bool:
        """Whether the connection is kept."""
        await raw.send(request)
        answer = await raw.answer()
        self.answered[answer.status, answer.body] += 1
        return answer.headers.get("connection") != "close"

    async def call_anew(self, address: tuple[str, int], request: bytes = WORD) -> None:
        """Every request on a connection of its own."""
        while not self.done:
            try:
                raw = await Raw.open(address)
            except OSError:
                self.refused += 1
                await asyncio.sleep(0.002)
                continue
            async with raw:
                try:
                    await self._ask(raw, request)
                except (OSError, AssertionError) as mistake:
                    self.failed.append(repr(mistake))

    async def call_kept(self, address: tuple[str, int], request: bytes = WORD) -> None:
        """All requests on one connection, and on another when that is ended."""
        while not self.done:
            try:
                raw = await Raw.open(address)
            except OSError:
                self.refused += 1
                await asyncio.sleep(0.002)
                continue
            async with raw:
                asked = 0
                try:
                    while not self.done and await self._ask(raw, request):
                        asked += 1
                except (OSError, AssertionError) as mistake:
                    if asked and not raw.held:
                        self.let_go += 1
                    else:
                        self.failed.append(repr(mistake))


@asynccontextmanager
async def load(address: tuple[str, int], kept: int, anew: int, request: bytes = WORD) -> AsyncIterator[Tally]:
    """So many callers of both kinds, until the block is left."""
    tally = Tally()
    callers = [tally.call_kept(address, request) for _ in range(kept)] + [
        tally.call_anew(address, request) for _ in range(anew)
    ]
    calling = [asyncio.create_task(caller) for caller in callers]
    try:
        yield tally
    finally:
        tally.done = True
        await asyncio.gather(*calling)


def streaming(says: str = "one two three", **headers: str) -> bytes:
    """A request for a stream; header names are written with underscores."""
    return posting(chat("m", says, stream=True), **headers)


def posting(body: dict[str, object], path: str = CHAT, **headers: str) -> bytes:
    content = orjson.dumps(body)
    lines = [f"POST {path} HTTP/1.1", "host: x", f"content-length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


async def stream(address: tuple[str, int], request: bytes) -> Answer:
    """A whole stream on a connection of its own. What cuts it raises AssertionError or OSError."""
    async with await Raw.open(address) as raw:
        await raw.send(request)
        return await raw.answer("POST")


def cut_short(answers: Sequence[Answer | BaseException]) -> list[str]:
    """Those that are not a whole stream with a good end."""
    return [repr(each) for each in answers if isinstance(each, BaseException) or not each.body.rstrip().endswith(b"[DONE]")]
