"""The engine as real processes: started, asked, signalled, and watched to its end. Every wait has a deadline."""

from __future__ import annotations

import http.client
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.tools.traces import Traces

PATIENCE = 10.0  # seconds: generous, since machines that run tests are busy; nothing waits longer than it must

TABLE = """
version: 1
server:
  listen: "127.0.0.1:0"
  workers: {workers}
  timeouts: {{shutdown: {shutdown}}}
providers:
  echo: {{kind: echo, by_headers: true, pace: 5ms}}
default: {{provider: echo}}
pipelines:
  chat:
    - decode
    - select: {{by: model}}
    - call
    - convert
    - log
routes:
  - {{match: "POST /v1/chat/completions", speaks: openai_chat, pipeline: chat, public: true}}
  - {{match: "GET /health", pipeline: [{{health: {{shape: detailed}}}}]}}
  - {{match: "GET /metrics", pipeline: [metrics]}}
  - {{match: "GET /word", pipeline: [{{respond: {{body: "{word}"}}}}]}}
"""

SCRIPT = """
import json, os, sys
{prelude}
from engine.runtime.supervisor import run

def tell(event):
    complaints = [complaint.says for complaint in event.checked.complaints] if event.checked else []
    row = dict(event.facts, kind=event.kind, says=event.says, level=event.level, complaints=complaints)
    os.write({events}, json.dumps(row).encode() + b"\\n")

sys.exit(run("routes.yaml", watch={watch}, on_event=tell))
"""


def table(*, workers: int = 1, shutdown: str = "5s", word: str = "one") -> str:
    return TABLE.format(workers=workers, shutdown=shutdown, word=word)


def until(condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """What `condition` returns once it is true. Asks every few milliseconds; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.005)
    return value


class Running:
    """One engine. `events` is what the supervisor announced so far."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path, events: int) -> None:
        self.process = process
        self.pid = process.pid
        self.folder = folder
        self.events: list[dict[str, Any]] = []
        self.traces: Traces | None = None
        self._reader = events
        self._half = b""

    def wait_for(self, kind: str, times: int = 1, seconds: float = PATIENCE) -> dict[str, Any]:
        """The `times`th event of that kind."""
        deadline = time.monotonic() + seconds
        while len(found := [event for event in self.events if event["kind"] == kind]) < times:
            left = deadline - time.monotonic()
            assert left > 0, f"no {kind}: {self.events} {self.stderr()}"
            if select.select([self._reader], [], [], left)[0]:
                assert self._read(), f"ended without {kind}: {self.events} {self.stderr()}"
        if kind == "ready" and self.traces is None:
            self.traces = Traces(self.pid, f"http://{found[0]['addresses'][0]}")
        return found[times - 1]

    def wait(self, seconds: float = PATIENCE) -> int:
        """The exit code, when it has ended; reads the last events."""
        code = self.process.wait(seconds)
        while self._read():
            pass
        return code

    def kinds(self) -> list[str]:
        return [event["kind"] for event in self.events]

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.wait_for("ready")["addresses"][0].rsplit(":", 1)
        return host, int(port)

    @contextmanager
    def connection(self) -> Iterator[http.client.HTTPConnection]:
        connection = http.client.HTTPConnection(*self.address, timeout=PATIENCE)
        try:
            yield connection
        finally:
            connection.close()

    def get(self, path: str) -> bytes:
        with self.connection() as connection:
            connection.request("GET", path, headers={"connection": "close"})
            response = connection.getresponse()
            body = response.read()
            assert response.status == 200, body
            return body

    def health(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.get("/health"))
        return told

    def figure(self, name: str) -> float:
        """The sum of all samples of one name."""
        lines = self.get("/metrics").decode().splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.split("{")[0].split(" ")[0] == name)

    def write(self, text: str) -> None:
        """Replaces the table as editors do: by renaming a new file over it."""
        half = self.folder / "routes.yaml.new"
        half.write_text(text)
        half.replace(self.folder / "routes.yaml")

    def reload(self, text: str) -> None:
        self.write(text)
        self.signal(signal.SIGHUP)

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def workers(self) -> list[int]:
        return children_of(self.pid)

    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "stdout").read_bytes().splitlines()]

    def stderr(self) -> str:
        return (self.folder / "stderr").read_text()

    def folders_of_figures(self) -> list[Path]:
        places = {Path("/dev/shm"), Path(tempfile.gettempdir())}
        return [found for place in places for found in place.glob(f"engine-{self.pid}-*")]

    def _read(self) -> bool:
        data = os.read(self._reader, 65536)
        *lines, self._half = (self._half + data).split(b"\n")
        self.events += [json.loads(line) for line in lines]
        return bool(data)


@contextmanager
def running(
    folder: Path,
    text: str,
    *,
    watch: bool = False,
    prelude: str = "",
    environ: dict[str, str] | None = None,
    clean: bool = True,
) -> Iterator[Running]:
    """`prelude` is Python that runs before the engine does, to break things. At the end nothing may be left behind; `clean`:
    neither may an engine that still runs hold a client's connection, nor stderr a traceback or a warning."""
    (folder / "routes.yaml").write_text(text)
    reader, writer = os.pipe()
    script = SCRIPT.format(prelude=prelude, events=writer, watch=watch)
    with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", script],
            cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=err, pass_fds=[writer], start_new_session=True,
            env={"PATH": os.environ["PATH"], **(environ or {})},
        )  # fmt: skip
    os.close(writer)
    engine = Running(process, folder, reader)
    try:
        yield engine
        if process.poll() is None:
            if clean and engine.traces is not None:
                engine.traces.must_be_gone()
            engine.signal(signal.SIGTERM)
        engine.wait()
        until(lambda: not group_of(process.pid))
        assert not engine.folders_of_figures()
    finally:
        for pid in [process.pid, *group_of(process.pid)]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        process.wait()
        os.close(reader)
        for left in engine.folders_of_figures():  # of one that had to be killed
            shutil.rmtree(left)
    if clean:
        told = engine.stderr()
        assert not re.search("Traceback|Warning|never retrieved|never awaited|was destroyed|Exception ignored", told), told


def children_of(parent: int) -> list[int]:
    """Living children, zombies left out."""
    return [pid for pid, (state, ppid, _) in _processes() if ppid == parent and state != "Z"]


def zombies_of(parent: int) -> list[int]:
    return [pid for pid, (state, ppid, _) in _processes() if ppid == parent and state == "Z"]


def group_of(session: int) -> list[int]:
    """Living processes of a session."""
    return [pid for pid, (state, _, member) in _processes() if member == session and state != "Z"]


def _processes() -> Iterator[tuple[int, tuple[str, int, int]]]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                state, ppid, _, session = (folder / "stat").read_text().rsplit(")", 1)[1].split()[:4]
            except OSError:
                continue
            yield int(folder.name), (state, int(ppid), int(session))
