"""Workers that die, and a supervisor that dies, as real processes."""

import os
import signal
import time
from pathlib import Path

from tests.tools.running import Running, group_of, running, table, until, zombies_of

CRASH = """
import engine.runtime.serving as serving
adopt = serving.Serving.adopt
def sabotage(self, program, number):
    {how}
    adopt(self, program, number)
serving.Serving.adopt = sabotage
"""


def scrape(engine: Running) -> float:
    return engine.figure("engine_requests_total")


def test_a_killed_worker_is_replaced_at_once(tmp_path: Path) -> None:
    """F-66: within half a second, on the same sockets; no zombie stays, and no counter goes backwards."""
    with running(tmp_path, table(workers=2)) as engine:
        engine.wait_for("ready")
        seen = [scrape(engine) for _ in range(6)]
        for times in range(1, 4):
            victim, other = engine.workers()
            began = time.monotonic()
            os.kill(victim, signal.SIGKILL)
            engine.wait_for("worker_died", times)
            until(lambda: len(engine.workers()) == 2)
            assert time.monotonic() - began < 0.5
            assert other in engine.workers()
            seen += [scrape(engine) for _ in range(6)]
        # Each death may cost the count of the request that came after the last publication, and no more than that here.
        until(lambda: seen.append(scrape(engine)) or seen[-1] >= 24 - 3)
        assert seen == sorted(seen)
        assert engine.figure("engine_worker_deaths_total") == 3
        assert zombies_of(engine.pid) == []


def test_a_worker_told_to_end_by_hand_is_replaced_and_is_no_crash(tmp_path: Path) -> None:
    with running(tmp_path, table()) as engine:
        engine.wait_for("ready")
        (before,) = engine.workers()
        os.kill(before, signal.SIGTERM)
        assert engine.wait_for("worker_died")["level"] == "info"
        until(lambda: engine.workers() not in ([], [before]))
        assert engine.health()["generation"] == 1
        assert engine.figure("engine_worker_deaths_total") == 0


def test_workers_notice_that_the_supervisor_is_gone(tmp_path: Path) -> None:
    """F-67: they finish, end, free the port, and leave nothing behind; the watching process too."""
    with running(tmp_path, table(workers=2), watch=True) as engine:
        engine.wait_for("ready")
        assert len(group_of(engine.pid)) == 4
        assert engine.folders_of_figures()
        os.kill(engine.pid, signal.SIGKILL)
        assert engine.wait() == -signal.SIGKILL
        until(lambda: not group_of(engine.pid))
        assert not engine.folders_of_figures()


def test_without_the_watching_process_only_watching_is_lost(tmp_path: Path) -> None:
    with running(tmp_path, table(), watch=True) as engine:
        engine.wait_for("ready")
        watcher, _ = sorted(engine.workers())  # it is the first child
        os.kill(watcher, signal.SIGKILL)
        engine.wait_for("not_watching")
        assert zombies_of(engine.pid) == []
        engine.reload(table(word="two"))
        engine.wait_for("reloaded")
        engine.signal(signal.SIGTERM)
        assert engine.wait() == 0


def test_first_workers_that_cannot_start_end_it_all(tmp_path: Path) -> None:
    """F-68: start-up failure has its own exit code, and is not tried again."""
    with running(tmp_path, table(workers=2), prelude=CRASH.format(how="raise ValueError('sabotage')"), clean=False) as engine:
        assert engine.wait() == 3
        assert engine.kinds()[0] == "failed"
        assert "ValueError" in engine.events[0]["says"]
        assert "ready" not in engine.kinds()


def test_first_workers_that_vanish_end_it_all_too(tmp_path: Path) -> None:
    with running(tmp_path, table(), prelude=CRASH.format(how="os._exit(9)")) as engine:
        assert engine.wait() == 3
        assert "code 9" in engine.events[0]["says"]


def test_a_table_that_kills_workers_is_taken_back(tmp_path: Path) -> None:
    """F-68: five deaths within a minute of a new table."""
    how = "program.server.timeouts.shutdown == 7 and os._exit(1)"
    with running(tmp_path, table(), prelude=CRASH.format(how=how)) as engine:
        assert engine.get("/word") == b"one"
        engine.reload(table(shutdown="7s", word="two"))
        engine.wait_for("rolled_back")
        engine.wait_for("reloaded")
        assert engine.get("/word") == b"one"
        assert engine.health()["last_reload"]["outcome"] == "rolled_back"
        assert engine.kinds().count("worker_died") == 5
        assert engine.figure("engine_reloads_total") == 2  # applied, rolled back
        engine.reload(table(word="three"))
        engine.wait_for("reloaded", 2)
        assert engine.get("/word") == b"three"


def test_a_table_that_a_worker_refuses_is_taken_back_and_nobody_dies(tmp_path: Path) -> None:
    how = "assert program.server.timeouts.shutdown != 7"
    with running(tmp_path, table(workers=2), prelude=CRASH.format(how=how), clean=False) as engine:
        engine.wait_for("ready")
        engine.reload(table(workers=2, shutdown="7s", word="two"))
        engine.wait_for("rolled_back")
        engine.wait_for("reloaded")
        assert {engine.get("/word") for _ in range(6)} == {b"one"}
        assert "worker_died" not in engine.kinds()
