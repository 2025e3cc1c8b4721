"""What it takes to call a provider in a test: a provider, a request, patience, and a loop that tolerates no loose ends."""

from __future__ import annotations

import asyncio
import gc
import time
import warnings
from collections.abc import Awaitable, Callable
from typing import Any

import uvloop

from engine.ports import Outgoing, Patience
from engine.program import Provider
from engine.targets import Origin, Target
from engine.web import Pair


def run(main: Callable[[], Awaitable[Any]], *, on_uvloop: bool = True) -> Any:
    """Runs `main()` on a fresh loop. Fails on whatever the loop complains of: exceptions in callbacks or never retrieved,
    tasks destroyed while pending."""
    complaints: list[dict[str, Any]] = []

    async def watched() -> Any:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        result = await main()
        await asyncio.sleep(0)
        assert len(asyncio.all_tasks()) == 1, asyncio.all_tasks()
        return result

    runner = asyncio.Runner(loop_factory=uvloop.new_event_loop if on_uvloop else None)
    try:
        result = runner.run(watched())
    finally:
        # uvloop warns of open transports while it closes them; a warning that is an error would leave one open, and uvloop
        # waiting for it for ever.
        with warnings.catch_warnings(record=True) as left_open:
            warnings.simplefilter("always")
            runner.close()
            gc.collect(1)
    assert not complaints, complaints
    assert not left_open, [str(warning.message) for warning in left_open]
    return result


def origin(port: int, scheme: str = "http", host: str = "127.0.0.1", allow_private: bool = True) -> Origin:
    return Origin(scheme, host, port, allow_private)


def provider(to: Origin | int, **more: Any) -> Provider:
    at = origin(to) if isinstance(to, int) else to
    return Provider("fake", "openai", "openai_chat", at, "/v1", "bearer", **more)


def target(to: Origin | int, pairs: tuple[Pair, ...] = ()) -> Target:
    at = origin(to) if isinstance(to, int) else to
    return Target("fake:m", "fake", "m", "openai_chat", at, "/v1", None, pairs)


def outgoing(
    to: Origin | int | Target,
    body: bytes = b"{}",
    *,
    method: str = "POST",
    path: str = "/v1/chat",
    pairs: tuple[Pair, ...] = (),
) -> Outgoing:
    return Outgoing(to if isinstance(to, Target) else target(to), method, path, pairs, body)


def patience(connect: float = 2.0, first_byte: float = 2.0, idle: float = 2.0, whole: float = 5.0) -> Patience:
    """The last is how long from now until all must be over."""
    return Patience(connect, first_byte, idle, time.monotonic() + whole)


async def fault_of(awaitable: Awaitable[Any]) -> str:
    """The code of the Fault that `awaitable` must raise."""
    from engine.faults import Fault

    try:
        result = await awaitable
    except Fault as fault:
        return fault.code
    raise AssertionError(f"no fault but {result!r}")


async def soon(condition: Callable[[], Any], within: float = 2.0) -> None:
    """Lets the loop turn until `condition()` holds."""
    until = time.monotonic() + within
    while not condition():
        assert time.monotonic() < until, "it never came true"
        await asyncio.sleep(0.001)
