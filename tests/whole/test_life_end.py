"""How the real command ends: told once, told twice, told three times, and when its supervisor is killed."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.conftest import Measure
from tests.tools.by_shell import by_shell
from tests.tools.deployed import Deployed, deployed, run, until
from tests.tools.gateway import PATIENCE
from tests.tools.load import Tally, cut_short, load, stream, streaming
from tests.tools.raw import Answer
from tests.tools.running import Running, group_of, running

TABLE = """
version: 1
server:
  listen: "${LISTEN}"
  workers: 2
  timeouts: {shutdown: 20s}
providers:
  echo: {kind: echo, by_headers: true, pace: 1ms}
default: {provider: echo}
pipelines:
  chat: [decode, {select: {by: model}}, call, convert, log]
routes:
  - {match: "POST /v1/chat/completions", speaks: openai_chat, pipeline: chat, public: true}
  - {match: "GET /word", public: true, pipeline: [{respond: {body: "one"}}]}
  - {match: "GET /health", pipeline: [{health: {shape: detailed}}]}
  - {match: "GET /metrics", pipeline: [metrics]}
"""


def test_a_hundred_streams_end_well(measured: Measure) -> None:
    """F-60: SIGTERM with 100 streams under way that are shorter than the patience."""
    with deployed(TABLE) as served:

        async def main() -> tuple[list[Answer | BaseException], float]:
            asked = [streaming("w " * 12, x_echo_pace="120ms", x_request_id=f"stream-{n}") for n in range(100)]
            streams = [asyncio.create_task(stream(served.address, each)) for each in asked]
            await asyncio.to_thread(until, lambda: served.active() == 100)
            served.process.send_signal(signal.SIGTERM)
            ended = await asyncio.gather(*streams, return_exceptions=True)
            return ended, time.monotonic()

        ended, last = run(main())
        assert served.process.wait(PATIENCE) == 0
        measured("from the last stream's end to the exit", time.monotonic() - last, "s", at_most=2, hard=20)
        measured("streams cut by SIGTERM", len(cut_short(ended)), "of 100", at_most=0)
        rows = [served.row(f"stream-{n}") for n in range(100)]
        measured("log rows missing", sum(row["status_code"] != 200 or row["error_type"] is not None for row in rows), at_most=0)


def test_callers_meet_an_answer_or_a_refusal(measured: Measure) -> None:
    """F-60: with new connections coming all the time, nobody who is connected is cut off without an answer: a connection that
    comes too late is refused by the kernel."""
    with deployed(TABLE) as served:

        async def main() -> Tally:
            async with load(served.address, 4, 8) as tally:
                await asyncio.sleep(0.3)
                served.process.send_signal(signal.SIGTERM)
                await asyncio.to_thread(served.process.wait, PATIENCE)
            return tally

        tally = run(main())
    assert tally.refused
    measured("requests failed by SIGTERM under load", len(tally.failed), f"of {tally.total}", at_most=0, hard=60)


@contextmanager
def waited(tmp_path: Path, shutdown: str) -> Iterator[Running]:
    """A gateway whose end the test judges itself."""
    text = TABLE.replace("${LISTEN}", "127.0.0.1:0").replace("shutdown: 20s", f"shutdown: {shutdown}")
    with running(tmp_path, text) as engine:
        engine.wait_for("ready")
        yield engine


def active(engine: Running) -> float:
    return engine.figure("engine_active_requests")


def test_streams_that_are_longer_than_the_patience_are_told_so(tmp_path: Path, measured: Measure) -> None:
    """F-60: 20 of them, in band, and all is over two seconds after; how it reads in other formats is those formats' test."""

    async def main() -> tuple[list[bytes], float]:
        streams = [asyncio.create_task(stream(engine.address, streaming(x_echo_stall_after="3"))) for _ in range(20)]
        await asyncio.to_thread(until, lambda: active(engine) >= 20)
        began = time.monotonic()
        engine.signal(signal.SIGTERM)
        return [(await each).body for each in streams], began

    with waited(tmp_path, "300ms") as engine:
        bodies, began = run(main())
        assert engine.wait(PATIENCE) == 0
        measured("from SIGTERM to the exit, beyond the patience", time.monotonic() - began - 0.3, "s", at_most=2, hard=20)
        untold = sum(b'data: {"error"' not in body or b"shutting_down" not in body for body in bodies)
        measured("streams not told that they end", untold, "of 20", at_most=0)
        assert not any(b"[DONE]" in body for body in bodies)
        assert [row["error_type"] for row in engine.log()] == ["shutting_down"] * 20


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_third_signal_asks_nobody(tmp_path: Path, measured: Measure, sign: int, code: int) -> None:
    """F-61: at once, even when a worker does not run; and when it runs again, it ends too (F-67)."""
    with waited(tmp_path, "60s") as engine:
        stuck, _ = engine.workers()
        os.kill(stuck, signal.SIGSTOP)
        engine.signal(sign)
        engine.wait_for("draining")
        engine.signal(sign)
        engine.wait_for("stopping")
        began = time.monotonic()
        engine.signal(sign)
        assert engine.process.wait(PATIENCE) == code
        measured("from the third signal to the exit", (time.monotonic() - began) * 1000, "ms", at_most=100, hard=1500)
        os.kill(stuck, signal.SIGCONT)
        until(lambda: not group_of(engine.pid))


def can_listen(address: tuple[str, int]) -> bool:
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(address)
            sock.listen()
        except OSError:
            return False
        return True


def test_without_their_supervisor_workers_finish_and_go(tmp_path: Path, measured: Measure) -> None:
    """F-67: kill -9 of the supervisor with 20 streams under way: none is cut, the port is free, nobody is left."""

    async def main() -> tuple[list[Answer | BaseException], float]:
        asked = streaming("w " * 10, x_echo_pace="50ms")
        streams = [asyncio.create_task(stream(engine.address, asked)) for _ in range(20)]
        await asyncio.to_thread(until, lambda: active(engine) >= 20)
        os.kill(engine.pid, signal.SIGKILL)
        began = time.monotonic()
        await asyncio.to_thread(until, lambda: can_listen(engine.address))
        freed = time.monotonic() - began
        return await asyncio.gather(*streams, return_exceptions=True), freed

    with waited(tmp_path, "20s") as engine:
        ended, freed = run(main())
        last = time.monotonic()
        assert engine.wait() == -signal.SIGKILL
        until(lambda: not group_of(engine.pid))
        measured("streams cut by kill -9 of the supervisor", len(cut_short(ended)), "of 20", at_most=0)
        measured("until the port is free", freed * 1000, "ms", at_most=500, hard=5000)
        measured("from the last stream's end until nobody is left", time.monotonic() - last, "s", at_most=2, hard=20)
        assert not engine.folders_of_figures()
        assert len(engine.log()) == 20


def taking_over(folder: Path, sock: socket.socket) -> AbstractContextManager[Deployed]:
    """A gateway that is handed a listening socket as systemd does it: descriptor 3, LISTEN_PID, LISTEN_FDS."""
    line = f"exec 3<&{sock.fileno()}; LISTEN_FDS=1 LISTEN_PID=$$ ENGINE"
    return by_shell(folder, TABLE, line, pass_fds=[sock.fileno()])


def test_another_takes_over_the_port_and_nobody_is_lost(tmp_path: Path, measured: Measure) -> None:
    """F-65: the socket is held by whoever starts gateways. The next one begins before the last one ends, and once only after
    it: then callers wait instead of being refused."""

    def follow() -> None:
        with ExitStack() as first:
            first.enter_context(taking_over(tmp_path, sock))
            with taking_over(tmp_path, sock):
                first.close()
        with taking_over(tmp_path, sock):
            pass
        with taking_over(tmp_path, sock):
            last_is_up.set()
            assert callers_are_done.wait(PATIENCE)

    last_is_up, callers_are_done = threading.Event(), threading.Event()
    with socket.create_server(("127.0.0.1", 0), backlog=128) as sock:

        async def main() -> Tally:
            following = asyncio.create_task(asyncio.to_thread(follow))
            async with load(sock.getsockname(), 3, 3) as tally:
                await asyncio.to_thread(last_is_up.wait, PATIENCE)
            callers_are_done.set()
            await following
            return tally

        tally = run(main())
    failed = len(tally.failed) + tally.refused
    assert not tally.failed, tally.failed[:5]
    measured("requests failed while four gateways follow one another on a port", failed, f"of {tally.total}", at_most=0)
