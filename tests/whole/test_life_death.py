"""Workers of the real command that are killed, that stand still, that die again and again, and a system that gives no more."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from pathlib import Path

from engine.runtime.respawn import MOST_CRASHES
from tests.conftest import Measure
from tests.tools.deployed import deployed, run, until
from tests.tools.load import Tally, cut_short, load, stream, streaming
from tests.tools.raw import Raw
from tests.tools.running import Running, children_of, running, table, zombies_of
from tests.whole.test_life_end import TABLE

KILLS = 2 * int(os.environ.get("ENGINE_TEST_MANY", "1"))
CALLERS = 8


def test_a_loop_of_kills_costs_only_what_the_killed_was_doing(measured: Measure) -> None:
    """F-66: of every worker's death only its own requests suffer; the others' go on, and a new one is there at once."""
    respawned: list[float] = []

    def kill_on() -> None:
        for _ in range(KILLS):
            killed, _ = children_of(served.process.pid)
            os.kill(killed, signal.SIGKILL)
            began = time.monotonic()
            until(lambda gone=killed: len(now := children_of(served.process.pid)) == 2 and gone not in now)
            respawned.append(time.monotonic() - began)
            time.sleep(1.1)  # one that dies sooner would be held for a crash loop

    async def main() -> Tally:
        async with load(served.address, CALLERS // 2, CALLERS // 2) as tally:
            await asyncio.to_thread(kill_on)
        return tally

    with deployed(TABLE) as served:
        tally = run(main())
        assert served.figure("engine_worker_deaths_total") == KILLS
        assert zombies_of(served.process.pid) == []
    measured("from kill -9 of a worker until another is born, slowest", max(respawned) * 1000, "ms", at_most=500, hard=5000)
    lost = len(tally.failed) + tally.refused + tally.let_go
    measured(f"requests lost by {KILLS} kills among {CALLERS} callers", lost, f"of {tally.total}", at_most=KILLS * CALLERS)


def test_the_streams_of_another_worker_go_on(measured: Measure) -> None:
    """F-66: 20 streams, half of them with the worker that is killed: exactly these are cut."""

    async def main() -> tuple[int, list[str]]:
        asked = streaming("w " * 20, x_echo_pace="50ms")
        first, second = children_of(served.process.pid)
        streams = []
        for sleeping in (first, second):
            os.kill(sleeping, signal.SIGSTOP)
            streams += [asyncio.create_task(stream(served.address, asked)) for _ in range(10)]
            await asyncio.to_thread(until, lambda: served.active() >= 10)
            os.kill(sleeping, signal.SIGCONT)
        os.kill(second, signal.SIGKILL)
        ended = await asyncio.gather(*streams, return_exceptions=True)
        return len(cut_short(ended[:10])), cut_short(ended[10:])

    with deployed(TABLE) as served:
        of_killed, of_other = run(main())
    assert of_killed == 10
    measured("streams of the other worker that were cut", len(of_other), "of 10", at_most=0)


DYING = """
import os, threading
import engine.runtime.serving as serving
adopt = serving.Serving.adopt
def sabotage(self, program, number):
    adopt(self, program, number)
    if {when} and os.path.exists("die"):
        os._exit(1)
serving.Serving.adopt = sabotage
"""


def test_a_crash_loop_is_slowed_down(tmp_path: Path, measured: Measure) -> None:
    """F-68: a worker that dies whenever it is born is tried ever more seldom, the other one serves on; when the cause is gone,
    so is the trouble."""
    with running(tmp_path, table(workers=2), prelude=DYING.format(when="True")) as engine:
        engine.wait_for("ready")
        (tmp_path / "die").touch()
        os.kill(engine.workers()[0], signal.SIGKILL)
        began = time.monotonic()
        while time.monotonic() < began + 1.0:
            assert engine.get("/word") == b"one"
        engine.wait_for("worker_died")
        engine.figure("engine_requests_total")
        measured("starts of a dying worker in a second", engine.figure("engine_worker_deaths_total"), at_most=8)
        (tmp_path / "die").unlink()
        until(lambda: len(engine.workers()) == 2)


def test_a_table_that_workers_die_of_is_taken_back_under_load(tmp_path: Path, measured: Measure) -> None:
    """F-68: the good table is served again within seconds, by itself."""
    when = "program.server.timeouts.shutdown == 7"
    with running(tmp_path, table(workers=2), prelude=DYING.format(when=when)) as engine:
        engine.wait_for("ready")
        (tmp_path / "die").touch()
        engine.reload(table(workers=2, shutdown="7s", word="two"))
        began = time.monotonic()
        engine.wait_for("rolled_back")
        engine.wait_for("reloaded")
        measured("from a deadly table until the last good one is served", time.monotonic() - began, "s", at_most=10, hard=60)
        until(lambda: len(engine.workers()) == 2)
        assert {engine.get("/word") for _ in range(8)} == {b"one"}
        measured(
            "deaths until it is taken back",
            engine.figure("engine_worker_deaths_total"),
            at_most=MOST_CRASHES + 1,
            hard=MOST_CRASHES + 3,
        )


FORKLESS = """
import os, errno
fork = os.fork
def scarce():
    if os.path.exists("scarce"):
        raise OSError(errno.EAGAIN, "no process")
    return fork()
os.fork = scarce
"""


def test_a_system_that_gives_no_process_is_asked_again(tmp_path: Path) -> None:
    """F-43: the other worker serves on, the supervisor lives, and the place is filled as soon as there is one."""
    with running(tmp_path, table(workers=2), prelude=FORKLESS) as engine:
        engine.wait_for("ready")
        (tmp_path / "scarce").touch()
        os.kill(engine.workers()[0], signal.SIGKILL)
        engine.wait_for("worker_died")
        time.sleep(0.3)
        assert len(engine.workers()) == 1
        assert engine.get("/word") == b"one"
        (tmp_path / "scarce").unlink()
        until(lambda: len(engine.workers()) == 2)


def events(engine: Running, kind: str) -> list[dict[str, object]]:
    lines = [line for line in engine.stderr().splitlines() if line.startswith("{")]
    return [row for row in map(json.loads, lines) if row["event"] == kind]


STUCK = """
import time, engine.runtime.watchdog as watchdog, engine.stages.respond as respond
watchdog.TICK = watchdog.LOOK = 0.02
watchdog.BLOCKED, watchdog.HOPELESS = 0.1, 0.5
bind = respond.Respond.bind
def sabotage(self, binding):
    def stand_still(exchange):
        {how}
    return stand_still
respond.Respond.bind = sabotage
"""


def test_a_worker_that_stands_still_for_good_is_replaced(tmp_path: Path, measured: Measure) -> None:
    """F-51: its stack is told, then it ends itself (SIGABRT); the other one serves on meanwhile."""
    with running(tmp_path, table(workers=2), prelude=STUCK.format(how="time.sleep(60)"), clean=False) as engine:
        engine.wait_for("ready")
        before = set(engine.workers())

        async def main() -> None:
            async with await Raw.open(engine.address) as raw:
                await raw.send(b"GET /word HTTP/1.1\r\nhost: x\r\n\r\n")
                began = time.monotonic()
                try:
                    await raw.read()
                except OSError:
                    pass
                measured(
                    "from standing still to being ended, beyond the limit",
                    time.monotonic() - began - 0.5,
                    "s",
                    at_most=1,
                    hard=8,
                )

        run(main())
        assert "SIGABRT" in str(engine.wait_for("worker_died")["says"])
        until(lambda: len(engine.workers()) == 2)
        assert len(before & set(engine.workers())) == 1
        (blocked,) = events(engine, "loop_blocked")
        assert "stand_still" in str(blocked["stack"])
        assert engine.health()["status"] == "healthy"
