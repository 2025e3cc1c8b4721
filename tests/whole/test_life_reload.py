"""Reloads of the real command while it is called: nobody is failed, nothing is left open, a bad table changes nothing."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.conftest import Measure
from tests.tools.deployed import CHAT, Deployed, chat, deployed, run, until
from tests.tools.load import Tally, load, stream, streaming
from tests.tools.running import children_of, zombies_of
from tests.tools.traces import links

MANY = int(os.environ.get("ENGINE_TEST_MANY", "1"))
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
TWO = TABLE.replace('"one"', '"two"')


@pytest.fixture(scope="module")
def shared() -> Iterator[Deployed]:
    with deployed(TABLE) as it:
        yield it


def write(served: Deployed, text: str) -> None:
    half = served.table.with_name("half.yaml")
    half.write_text(text)
    half.replace(served.table)


def test_a_hundred_reloads_under_load_fail_nobody(shared: Deployed, measured: Measure) -> None:
    """F-62: on kept connections, on new ones, and in streams that are longer than a reload."""
    took: list[float] = []

    def reload_on() -> None:
        for n in range(100 * MANY):
            write(shared, TABLE if n % 2 else TWO)
            began = time.monotonic()
            assert "new table" in shared.reload()
            took.append(time.monotonic() - began)

    async def main() -> tuple[Tally, list[bytes]]:
        bodies = []

        async def stream_on() -> None:
            while not tally.done:
                bodies.append((await stream(shared.address, streaming("a b c d e f g h", x_echo_pace="10ms"))).body)

        async with load(shared.address, 3, 3) as tally, asyncio.TaskGroup() as group:
            group.create_task(stream_on())
            await asyncio.to_thread(reload_on)
            tally.done = True
        return tally, bodies

    tally, bodies = run(main())
    assert set(tally.answered) == {(200, b"one"), (200, b"two")}
    assert bodies
    measured("streams cut", sum(b"[DONE]" not in body for body in bodies), f"of {len(bodies)}", at_most=0)
    failed = len(tally.failed) + tally.refused + tally.let_go
    measured(f"requests failed by {100 * MANY} reloads of two workers", failed, f"of {tally.total}", at_most=0)
    measured("from SIGHUP until all workers serve the new table, slowest", max(took) * 1000, "ms", at_most=1000, hard=10000)


def descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def resident(pid: int) -> int:
    """Bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_nothing_is_left_open_or_behind(shared: Deployed, measured: Measure) -> None:
    """F-69: descriptors and memory of the supervisor and of each worker, after a warm-up and after 1,000 requests and 40
    reloads more; no zombie, no process more; the supervisor has no client's socket, and all it has is closed on exec."""
    family = [shared.process.pid, *children_of(shared.process.pid)]

    async def thousand() -> None:
        async with load(shared.address, 4, 4) as tally:
            before = tally.total
            for n in range(40):
                write(shared, TABLE if n % 2 else TWO)
                assert "new table" in await asyncio.to_thread(shared.reload)
            while tally.total < before + 1000:
                await asyncio.sleep(0.01)
        assert not tally.failed

    run(thousand())
    begun = {pid: (descriptors(pid), resident(pid)) for pid in family}
    for _ in range(MANY):
        run(thousand())
    until(lambda: all(descriptors(pid) <= begun[pid][0] for pid in family))
    measured("descriptors left open", max(descriptors(pid) - begun[pid][0] for pid in family), at_most=0)
    grown = max(resident(pid) - begun[pid][1] for pid in family) / 1024
    what = f"memory of a process that grew most, over {1000 * MANY} requests and {40 * MANY} reloads"
    measured(what, grown, "KiB", at_most=1024, hard=8192)
    assert [shared.process.pid, *children_of(shared.process.pid)] == family
    measured("zombies", len(zombies_of(shared.process.pid)), at_most=0)
    assert open_on_exec(shared.process.pid) <= {"0", "1", "2"}
    assert len(sockets_of(shared.process.pid)) == 1 + 2  # the listening one, and a channel to each worker


def open_on_exec(pid: int) -> set[str]:
    """Descriptors that a program would inherit."""
    infos = {}
    for path in Path(f"/proc/{pid}/fdinfo").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            infos[path.name] = path.read_text()
    flags = {name: int(re.search(r"flags:\s*(\d+)", text)[1], 8) for name, text in infos.items()}  # type: ignore[index]
    return {name for name, value in flags.items() if not value & os.O_CLOEXEC}


def sockets_of(pid: int) -> list[str]:
    return [link for link in links(pid) if link.startswith("socket:")]


def test_a_worker_inherits_no_client(shared: Deployed) -> None:
    """F-69: one that is born while others are streaming has its own sockets only."""
    first, _ = children_of(shared.process.pid)

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(10):
                group.create_task(tolerant())
            await asyncio.to_thread(until, lambda: shared.active() == 10)
            os.kill(first, signal.SIGKILL)
            await asyncio.to_thread(until, lambda: first not in (now := children_of(shared.process.pid)) and len(now) == 2)
            newest = max(children_of(shared.process.pid))
            await asyncio.to_thread(until, lambda: len(sockets_of(newest)) >= 3)
            theirs = set(sockets_of(newest))
            others = {link for pid in children_of(shared.process.pid) if pid != newest for link in sockets_of(pid)}
            assert len(theirs & others) <= 1, "the listening socket"

    async def tolerant() -> None:
        try:
            await stream(shared.address, streaming("a b c d e f g h i j", x_echo_pace="100ms"))
        except (OSError, AssertionError):
            pass  # of the worker that was killed

    run(main())


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{one}: &{one} [{', '.join([f'*{before}'] * 10)}]\n" for before, one in zip("abcdefgh", "bcdefghi", strict=True)
)
BAD = {
    "not YAML": "version: 1\nroutes: [",
    "unknown key": TWO + "nonsense: 1\n",
    "unresolved": TWO + 'models: [{name: "${NOT_SET_ANYWHERE}", provider: echo}]\n',
    "a route twice": TWO + '  - {match: "GET /word", public: true, pipeline: [{respond: {body: "again"}}]}\n',
    "alias bomb": BOMB,
    "half written": TWO[: len(TWO) // 2],
    "nested deeply": "a: " + "[" * 5000,
    "10 MB": "# " + "x" * 10_000_000,
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_table_of_every_kind_is_told_and_changes_nothing(shared: Deployed, measured: Measure, kind: str) -> None:
    """F-63: told on stderr and in /health with file, line and column, within a second; answers go on meanwhile."""
    before = shared.get("/health").json()["generation"]
    word = shared.get("/word").text

    async def main() -> tuple[Tally, float]:
        async with load(shared.address, 1, 1) as tally:
            write(shared, BAD[kind])
            began = time.monotonic()
            said = await asyncio.to_thread(shared.reload)
            took = time.monotonic() - began
            assert "served on" in said
            assert "routes.yaml" in said
        return tally, took

    said_before = len(shared.said)
    tally, took = run(main())
    assert set(tally.answered) == {(200, word.encode())}
    assert not tally.failed
    assert (shared.figure("engine_config_generation"), shared.get("/word").text) == (before, word)
    until(lambda: (shared.get("/health").json()["last_reload"] or {}).get("outcome") == "refused")
    told = shared.get("/health").json()["last_reload"]
    if kind != "10 MB":  # it was not read, so there is no line
        assert re.search(r"routes.yaml:\d+:\d+ R\d+", told["complaints"][0])
        assert any(re.search(r"routes.yaml:\d+:\d+", line) for line in shared.said[said_before:])
    measured(f"seconds to refuse: {kind}", took, "s", at_most=1, hard=10)


def test_a_storm_of_signals_is_few_reloads(shared: Deployed, measured: Measure) -> None:
    """F-64: 50 within a second; the last text wins, nobody is lost, nobody is born."""
    write(shared, TABLE)
    shared.reload()
    family = children_of(shared.process.pid)
    reloads = shared.figure("engine_reloads_total")
    for n in range(50):
        write(shared, TABLE.replace('"one"', f'"{n}"'))
        shared.process.send_signal(signal.SIGHUP)
        time.sleep(0.01 if n % 10 == 9 else 0)
    until(lambda: {shared.get("/word").text for _ in range(4)} == {"49"})
    assert children_of(shared.process.pid) == family
    until(lambda: shared.figure("engine_reloads_total") > reloads)
    measured("reloads for 50 signals", shared.figure("engine_reloads_total") - reloads, at_most=50)


def test_a_reload_during_the_drain_is_nothing(tmp_path: Path) -> None:
    """F-64, F-60: the stream ends well, the exit code is 0 (the fixture asks for it)."""
    with deployed(TABLE) as served:

        async def main() -> bytes:
            async with asyncio.TaskGroup() as group:
                going = group.create_task(stream(served.address, streaming("a b c d e f g h i j", x_echo_pace="50ms")))
                await asyncio.to_thread(until, lambda: served.active() == 1)
                served.process.send_signal(signal.SIGTERM)
                for _ in range(5):
                    served.process.send_signal(signal.SIGHUP)
            return going.result().body

        assert b"[DONE]" in run(main())
        assert served.process.wait(30) == 0
        assert not [line for line in served.said if "as before" in line]


KEYED = """
version: 1
server: {listen: "${LISTEN}", workers: 2}
providers:
  echo: {kind: echo}
default: {provider: echo}
pipelines:
  chat:
    - {auth: {named: {a: gw-first-0123456789abcdef, b: gw-second-0123456789abcdef}}}
    - decode
    - {select: {by: model}}
    - call
    - convert
    - log
routes:
  - {match: "POST /v1/chat/completions", speaks: openai_chat, pipeline: chat}
"""


def test_a_key_that_is_taken_back_is_refused_by_every_worker(measured: Measure) -> None:
    """F-71: on connections that were open before, of both workers."""
    second = {"authorization": "Bearer gw-second-0123456789abcdef"}
    with deployed(KEYED) as served:
        kept = [httpx.Client(base_url=served.url, headers=second) for _ in range(12)]
        try:
            assert {client.post(CHAT, json=chat("m")).status_code for client in kept} == {200}
            served.table.write_text(KEYED.replace(", b: gw-second-0123456789abcdef", ""))
            began = time.monotonic()
            served.process.send_signal(signal.SIGHUP)
            until(lambda: {client.post(CHAT, json=chat("m")).status_code for client in kept} == {401})
            took = time.monotonic() - began
        finally:
            for client in kept:
                client.close()
        measured("from SIGHUP until no worker takes a withdrawn key", took, "s", at_most=1, hard=10)
