import json
import os
import signal
from pathlib import Path

from tests.tools.running import running, table, until


def test_a_request_log_that_cannot_be_written_costs_lines_and_no_requests(tmp_path: Path) -> None:
    """F-46, section 0.8: counted, told once, and no storm on stderr."""
    broken = "os.dup2(os.open('/dev/full', os.O_WRONLY), 1)"
    with running(tmp_path, table(), prelude=broken) as engine, engine.connection() as connection:
        body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "x"}]})
        for _ in range(20):
            connection.request("POST", "/v1/chat/completions", body, {"content-type": "application/json"})
            response = connection.getresponse()
            assert response.status == 200
            response.read()
        until(lambda: engine.figure("engine_log_dropped_total") > 0)
    assert len(engine.stderr().splitlines()) == 1
    assert "ENOSPC" in engine.stderr()


def test_a_loop_that_stands_still_is_told_of(tmp_path: Path) -> None:
    """F-51: with the stack; the supervisor and the other workers go on."""
    block = """
import time, engine.runtime.watchdog as watchdog, engine.stages.respond as respond
watchdog.LOOK = watchdog.BLOCKED = 0.05
bind = respond.Respond.bind
def sabotage(self, binding):
    def stand_still(exchange):
        end = time.monotonic() + 0.3
        while time.monotonic() < end:
            time.sleep(0.01)
        return deed(exchange)
    deed = bind(self, binding)
    return stand_still
respond.Respond.bind = sabotage
"""
    with running(tmp_path, table(), prelude=block) as engine:
        assert engine.get("/word") == b"one"
        told = until(lambda: [row for row in map(json.loads, engine.stderr().splitlines()) if row["event"] == "loop_blocked"])
        assert "stand_still" in told[0]["stack"]
        assert engine.health()["generation"] == 1


def test_a_suspended_worker_goes_on_where_it_was(tmp_path: Path) -> None:
    """F-49."""
    with running(tmp_path, table()) as engine:
        engine.wait_for("ready")
        (worker,) = engine.workers()
        os.kill(worker, signal.SIGSTOP)
        engine.reload(table(word="two"))  # is waiting for it when it comes back
        os.kill(worker, signal.SIGCONT)
        engine.wait_for("reloaded")
        assert engine.get("/word") == b"two"
        assert engine.workers() == [worker]
