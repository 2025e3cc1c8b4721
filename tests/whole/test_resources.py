"""The real command when something runs out: descriptors, the log's reader, the time of day, time itself."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import orjson
import pytest

from tests.conftest import Measure
from tests.tools.by_shell import by_shell
from tests.tools.deployed import Deployed, chat, run, until
from tests.tools.fake_upstream import CHUNKED_HEAD, Send, Wait, chunk
from tests.tools.load import Tally, cut_short, load, posting, stream, streaming
from tests.tools.raw import Answer, Raw
from tests.tools.running import Running, children_of, running, table
from tests.tools.scripted import EVENTS, REPLY, Scripted

MANY = int(os.environ.get("ENGINE_TEST_MANY", "1"))
TABLE = """
version: 1
server:
  listen: "${LISTEN}"
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
ASK = posting(chat("m"))


def test_too_many_clients_for_the_descriptors(tmp_path: Path, measured: Measure) -> None:
    """F-42: 128 descriptors, 200 clients. A stream that was there goes on, no storm on stderr, the refused are counted, and
    when they leave everybody is served again."""

    async def main(served: Deployed) -> tuple[bytes, int]:
        going = asyncio.create_task(stream(served.address, streaming("w " * 30, x_echo_pace="50ms")))
        await asyncio.to_thread(until, lambda: served.active() == 1)
        crowd = [await Raw.open(served.address) for _ in range(200)]
        answered = 0
        for raw in crowd:
            try:
                async with asyncio.timeout(0.02):
                    await raw.send(b"GET /word HTTP/1.1\r\nhost: x\r\n\r\n")
                    answered += (await raw.answer()).status == 200
            except (OSError, AssertionError, TimeoutError):
                pass
        body = (await going).body
        for raw in crowd:
            raw.close()
        return body, answered

    with by_shell(tmp_path, TABLE, "ulimit -n 128; ENGINE") as served:
        before = len(served.said)
        body, answered = run(main(served))
        began = time.monotonic()
        until(lambda: served.get("/word").status_code == 200)
        measured("from the crowd's leaving until an answer", time.monotonic() - began, "s", at_most=1, hard=8)
        measured("streams cut by the crowd", int(b"[DONE]" not in body), at_most=0)
        measured("of 200 clients with 128 descriptors were answered", answered, at_least=50)
        measured("lines on stderr", len(served.said) - before, at_most=5)
        until(lambda: served.get("/word").status_code == 200)
        pid = children_of(served.process.pid)[0]
        assert len(list(Path(f"/proc/{pid}/fd").iterdir())) < 40


def rows_told(lines: list[bytes]) -> tuple[int, int]:
    """(rows of requests, how many the log says are missing)."""
    rows = [orjson.loads(line) for line in lines]
    return sum("request_id" in row for row in rows), sum(row["count"] for row in rows if "count" in row)


async def ask(address: tuple[str, int], count: int) -> float:
    """Seconds that the slowest of them took; all must be answered."""
    slowest = 0.0
    async with await Raw.open(address) as raw:
        for _ in range(count):
            began = time.monotonic()
            await raw.send(ASK)
            assert (await raw.answer()).status == 200
            slowest = max(slowest, time.monotonic() - began)
    return slowest


NARROW = """
import os, engine.observe.request_log as request_log
request_log.MOST_ROWS = 500
os.dup2(os.open("log", os.O_WRONLY), 1)
"""


def test_a_log_that_nobody_reads_costs_rows_and_no_request(tmp_path: Path, measured: Measure) -> None:
    """F-46: the reader of the pipe stands still while it and the queue (500 rows here) fill up; then it reads on: rows and the
    counted missing ones are all of them, and new rows come again."""
    os.mkfifo(tmp_path / "log")
    with open(os.open(tmp_path / "log", os.O_RDONLY | os.O_NONBLOCK), "rb") as log, ThreadPoolExecutor(1) as pool:
        with running(tmp_path, table(), prelude=NARROW) as engine:
            slowest = run(ask(engine.address, 2500 * MANY))
            dropped = engine.figure("engine_log_dropped_total")
            os.set_blocking(log.fileno(), True)
            reading = pool.submit(log.readlines)
            run(ask(engine.address, 10))
        lines = reading.result()
    rows, missing = rows_told(lines)
    measured("slowest answer while nobody reads the log", slowest * 1000, "ms", at_most=100, hard=2000)
    assert 0 < dropped <= missing
    assert orjson.loads(lines[-1])["status_code"] == 200
    wrong = 2500 * MANY + 10 - rows - missing
    measured("requests that are neither in the log nor counted as missing", abs(wrong), at_most=0)


def test_a_log_whose_reader_leaves(tmp_path: Path, measured: Measure) -> None:
    """F-46, F-70: `engine run | head -1`: told once, counted, and nobody is failed."""
    head = subprocess.Popen(["head", "-1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert head.stdin is not None
    with by_shell(tmp_path, TABLE, "ENGINE", stdout=head.stdin) as served:
        head.stdin.close()
        run(ask(served.address, 1))
        head.wait(10)
        before = len(served.said)
        run(ask(served.address, 300))
        until(lambda: 0 < served.figure("engine_log_dropped_total") <= 300)  # the others wait for better times
        measured("lines on stderr for a closed log", len(served.said) - before, at_most=1)
        assert "EPIPE" in served.said[-1]
    assert head.stdout is not None
    with head.stdout as told:
        assert orjson.loads(told.read())["status_code"] == 200


def test_a_log_on_a_full_disk_that_is_freed(tmp_path: Path, measured: Measure) -> None:
    """F-46, F-70: a limit of the file's size (SIGXFSZ is ignored) stands for the disk. When there is room again, rows that
    waited come too, the lost ones are counted exactly, and the half line that the disk took spoils no other."""
    log = tmp_path / "log"
    with log.open("wb") as out, by_shell(tmp_path, TABLE, "ulimit -S -f 20; ENGINE", stdout=out) as served:
        run(ask(served.address, 300))
        until(lambda: served.figure("engine_log_dropped_total") > 0)
        for pid in children_of(served.process.pid):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        run(ask(served.address, 10))
        until(lambda: any("written again" in line for line in served.said))
    lines = log.read_bytes().splitlines()
    whole = [line for line in lines if line.endswith(b"}")]
    rows, missing = rows_told(whole)
    measured("half lines", len(lines) - len(whole), at_most=1)
    measured("requests that are neither in the log nor counted as missing", abs(310 - rows - missing), at_most=0)
    assert missing < 100


def test_a_terminal_that_is_gone_or_stands_still_holds_up_nobody(tmp_path: Path, measured: Measure) -> None:
    """F-46: stderr is a pipe that is full and that nobody reads. The supervisor reloads, replaces workers and ends."""
    reader, writer = os.pipe()
    with running(tmp_path, table()) as probe:
        address = probe.address
    text = table().replace("127.0.0.1:0", f"{address[0]}:{address[1]}")
    (tmp_path / "routes.yaml").write_text(text)
    process = subprocess.Popen([sys.executable, "-m", "engine", "run"], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=writer)
    try:
        os.set_blocking(reader, True)
        said = b""
        while b"listening" not in said:
            said += os.read(reader, 65536)
        os.set_blocking(writer, False)
        try:
            while True:
                os.write(writer, b"x" * 4096)
        except BlockingIOError:
            os.set_blocking(writer, True)
        process.send_signal(signal.SIGHUP)
        (worker,) = until(lambda: children_of(process.pid))
        os.kill(worker, signal.SIGKILL)
        until(lambda: children_of(process.pid) not in ([], [worker]))
        process.send_signal(signal.SIGHUP)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        measured("from SIGTERM to the exit with a stderr that is full", time.monotonic() - began, "s", at_most=2, hard=8)
    finally:
        process.kill()
        process.wait()
        os.close(reader)
        os.close(writer)


def test_a_closed_stdout_is_not_given_to_a_client(tmp_path: Path) -> None:
    """F-70, section 4: started with closed descriptors, the log goes nowhere, least of all to whoever gets the number."""
    with by_shell(tmp_path, TABLE, "exec <&- >&-; ENGINE") as served:

        async def main() -> None:
            raws = [await Raw.open(served.address) for _ in range(8)]
            for raw in raws:
                await raw.send(ASK)
                assert (await raw.answer()).body.startswith(b'{"id"')
            await asyncio.sleep(0.2)
            for raw in raws:
                raw.sock.setblocking(False)
                with pytest.raises(BlockingIOError):
                    raw.sock.recv(10)
                raw.close()

        run(main())


JUMPING = """
import time
real = time.time
began = real()
def jumping():
    return real() + (86400 if int((real() - began) * 20) % 2 else -86400)
time.time = jumping
"""


def test_a_day_forward_and_back_twenty_times_a_second(tmp_path: Path, measured: Measure) -> None:
    """F-48: the wall clock jumps; durations are never negative, clocks and timeouts are not touched."""
    with running(tmp_path, table(), prelude=JUMPING) as engine:

        async def main() -> tuple[Tally, list[Answer | BaseException]]:
            async with load(engine.address, 2, 2, posting(chat("m"))) as tally:
                asked = streaming("w " * 10, x_echo_pace="40ms")
                ended = await asyncio.gather(*(stream(engine.address, asked) for _ in range(10)), return_exceptions=True)
            return tally, ended

        tally, ended = run(main())
        assert {status for status, _ in tally.answered} == {200}
        measured("requests failed while the clock jumps", len(tally.failed) + len(cut_short(ended)), at_most=0)
    rows = engine.log()
    spans = [
        value
        for row in rows
        for name, value in row.items()
        if name.endswith(("_ms", "duration", "_seconds")) and value is not None
    ]
    assert len(spans) >= len(rows)
    measured("durations in the log that are negative", sum(span < 0 for span in spans), f"of {len(spans)}", at_most=0)
    assert max(spans) < 60_000
    assert len({row["request_id"] for row in rows}) == len(rows)


def said(engine: Running, kind: str) -> list[dict[str, object]]:
    return [row for row in map(json.loads, engine.stderr().splitlines()) if row["event"] == kind]


SUSPENDED = """
version: 1
server: {listen: "127.0.0.1:0"}
providers:
  up: {kind: openai, keys: [k], base_url: "${UP}", allow_private: true}
default: {provider: up}
pipelines:
  chat: [decode, {select: {by: model}}, {call: {retries: 0, first_byte: 800ms, idle: 800ms}}, convert, log]
routes:
  - {match: "POST /v1/chat/completions", speaks: openai_chat, pipeline: chat, public: true}
  - {match: "GET /metrics", pipeline: [metrics]}
"""


def test_a_second_of_suspension_is_one_line(tmp_path: Path, measured: Measure) -> None:
    """F-49: SIGSTOP for longer than every timeout, then SIGCONT. What providers sent meanwhile is read before anybody is found
    to be late: streams and answers come whole."""
    quick = "import engine.runtime.watchdog as dog; dog.LOOK, dog.BLOCKED = 0.1, 0.4"
    with Scripted() as provider:
        provider.play(
            "stream",
            [Send(CHUNKED_HEAD), *(step for event in EVENTS for step in (Send(chunk(event)), Wait(0.1))), Send(b"0\r\n\r\n")],
        )
        provider.play("late", [Wait(0.5), *REPLY])
        with running(tmp_path, SUSPENDED, prelude=quick, environ={"UP": provider.base_url}) as engine:
            engine.wait_for("ready")

            async def main() -> list[Answer | BaseException]:
                streams = [posting(chat("stream", stream=True)) for _ in range(5)]
                wholes = [posting(chat("late")) for _ in range(5)]
                asked = [asyncio.create_task(stream(engine.address, each)) for each in (*streams, *wholes)]
                await asyncio.to_thread(until, lambda: engine.figure("engine_active_requests") >= 10)
                (worker,) = engine.workers()
                os.kill(worker, signal.SIGSTOP)
                await asyncio.sleep(1.2)
                os.kill(worker, signal.SIGCONT)
                return await asyncio.gather(*asked, return_exceptions=True)

            ended = run(main())
            measured("streams cut by a suspension of 1.2 s", len(cut_short(ended[:5])), "of 5", at_most=0)
            wrong = [repr(each) for each in ended[5:] if isinstance(each, BaseException) or each.status != 200]
            measured("answers lost by it", len(wrong), "of 5", at_most=0)
            measured("lines of the watchdog", len(said(engine, "suspended")), at_most=1)
            assert said(engine, "suspended")
            assert not said(engine, "loop_blocked")
            assert len(engine.workers()) == 1


GLUTTON = """
import time, engine.runtime.worker as worker, engine.stages.respond as respond
worker.RIPE = 0.1
held = []
bind = respond.Respond.bind
def sabotage(self, binding):
    deed = bind(self, binding)
    def eat(exchange):
        held.append(bytearray(b"x" * 800_000))
        return deed(exchange)
    return eat
respond.Respond.bind = sabotage
"""


def test_a_worker_that_grows_is_replaced_and_nobody_is_failed(tmp_path: Path, measured: Measure) -> None:
    """F-50: beyond `server.limits.memory` another is started first; then it ends its streams, and itself."""
    text = table().replace("workers: 1", "workers: 1\n  limits: {memory: 200MiB}")
    with running(tmp_path, text, prelude=GLUTTON) as engine:
        engine.wait_for("ready")
        assert engine.traces is not None
        engine.traces.growth = 2 * 1024**3  # growing is what these workers are there for
        (before,) = engine.workers()

        async def main() -> tuple[Tally, list[Answer | BaseException]]:
            streams = [asyncio.create_task(stream(engine.address, streaming("w " * 30, x_echo_pace="50ms"))) for _ in range(5)]
            tally = Tally()
            calling = asyncio.create_task(tally.call_anew(engine.address))
            keeping = asyncio.create_task(tally.call_kept(engine.address))
            peak = asyncio.create_task(asyncio.to_thread(engine.wait_for, "worker_heavy"))
            await peak
            await asyncio.to_thread(until, lambda: before not in (now := engine.workers()) and len(now) >= 1)
            tally.done = True
            await asyncio.gather(calling, keeping)
            return tally, await asyncio.gather(*streams, return_exceptions=True)

        tally, ended = run(main())
        assert b"MiB" in engine.events[1]["says"].encode()
        failed = len(tally.failed) + tally.refused + len(cut_short(ended))
        measured("requests failed and streams cut by the replacement of a heavy worker", failed, f"of {tally.total}", at_most=0)
        assert not [event for event in engine.events if event["kind"] == "worker_died"]
        assert engine.figure("engine_events_total") >= 1
