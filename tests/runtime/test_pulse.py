import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from engine.runtime.events import Event
from engine.runtime.pulse import LOOK, SILENT, Pulse, is_stopped
from tests.tools.clock import Clock
from tests.tools.running import running, table, until


class FakeMember:
    def __init__(self, serial: int, *, ready: bool = True) -> None:
        self.serial, self.pid, self.ready = serial, 1000 + serial, ready
        self.heard = 0.0


class Scene:
    def __init__(self, *members: FakeMember) -> None:
        self.clock = Clock()
        self.members = members
        self.told: list[Event] = []
        self.sent: list[tuple[int, int]] = []
        self.halted: set[int] = set()
        self.pulse = Pulse(
            members,  # type: ignore[arg-type]
            self.clock.time, self.told.append, self.halted.__contains__, lambda pid, number: self.sent.append((pid, number)),
        )  # fmt: skip

    def pass_by(self, seconds: float, *speaking: FakeMember) -> None:
        end = self.clock.now + seconds
        while self.clock.now < end:
            self.clock.run_to(self.clock.now + LOOK)
            for member in speaking:
                member.heard = self.clock.now
            self.pulse.look()


def test_who_speaks_is_left_alone() -> None:
    one = FakeMember(1)
    scene = Scene(one)
    scene.pass_by(10 * SILENT, one)
    assert (scene.sent, scene.told) == ([], [])


def test_who_is_silent_is_asked_where_it_stands_and_then_ended() -> None:
    """F-51."""
    one, two = FakeMember(1), FakeMember(2)
    scene = Scene(one, two)
    scene.pass_by(SILENT, two)
    assert scene.sent == []
    scene.pass_by(LOOK, two)
    assert scene.sent == [(one.pid, signal.SIGABRT)]
    assert [event.kind for event in scene.told] == ["worker_silent"]
    scene.pass_by(LOOK, two)
    assert scene.sent[1:] == [(one.pid, signal.SIGKILL)]
    assert len(scene.told) == 1


def test_who_is_stopped_or_still_starting_cannot_speak() -> None:
    """F-49: it has all its time again when it goes on."""
    one, two = FakeMember(1), FakeMember(2, ready=False)
    scene = Scene(one, two)
    scene.halted.add(one.pid)
    scene.pass_by(10 * SILENT)
    scene.halted.clear()
    two.ready = True
    scene.pass_by(SILENT)
    assert scene.sent == []


def test_after_a_suspension_of_all_nobody_is_to_blame() -> None:
    """F-49: as when a container is paused."""
    scene = Scene(FakeMember(1))
    scene.clock.run_to(1000.0)
    scene.pulse.look()
    scene.pass_by(SILENT)
    assert scene.sent == []


def test_the_system_tells_who_is_stopped() -> None:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        assert not is_stopped(process.pid)
        os.kill(process.pid, signal.SIGSTOP)
        until(lambda: is_stopped(process.pid))
    finally:
        process.kill()
        process.wait()
    assert not is_stopped(process.pid)


def test_native_code_without_an_end_costs_one_worker(tmp_path: Path) -> None:
    """F-51: a regular expression that never ends stops the worker's own watchdog too."""
    endless = """
import re, engine.runtime.pulse as pulse, engine.runtime.worker as worker, engine.stages.respond as respond
pulse.LOOK, pulse.SILENT, worker.ALIVE = 0.1, 0.6, 1
bind = respond.Respond.bind
def sabotage(self, binding):
    return lambda exchange: re.match(r"(a+)+$", "a" * 60 + "b")
respond.Respond.bind = sabotage
"""
    with running(tmp_path, table(workers=2), prelude=endless, clean=False) as engine, engine.connection() as connection:
        engine.wait_for("ready")
        time.sleep(0.3)
        connection.request("GET", "/word")
        engine.wait_for("worker_silent")
        assert "SIGABRT" in engine.wait_for("worker_died")["says"]
        until(lambda: len(engine.workers()) == 2)
        assert engine.health()["status"] == "healthy"
        assert "in <lambda>" in engine.stderr()
