"""The real `engine run`, started as a user starts it, and held to a clean end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import orjson

from tests.tools.traces import Traces

ROOT = Path(__file__).parents[2]
# Wide, so that a loaded machine does not fail a test; reached only when something is broken.
PATIENCE = 30.0


# What Python says of loose ends: exceptions that nobody saw, tasks and sockets that nobody ended.
NOISE = re.compile("Traceback|Warning:|never retrieved|never awaited|was destroyed|Exception ignored")


class Gateway:
    """A running gateway: where it listens, what it has said, and what it has logged."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said: list[str] = []
        self.logged: Queue[str] = Queue()
        self.url = ""
        self._ready = threading.Event()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._read_said, self._read_logged)]
        for thread in self._threads:
            thread.start()

    def wait_ready(self) -> None:
        assert self._ready.wait(PATIENCE), f"not ready; it said: {self.said}"
        assert self.url, f"ended before it listened; it said: {self.said}"

    def log_row(self, request_id: str) -> dict[str, Any]:
        """The row of this request in the request log; rows before it are passed over."""
        while True:
            try:
                row: dict[str, Any] = orjson.loads(self.logged.get(timeout=PATIENCE))
            except Empty:
                raise AssertionError(f"no log row came; it said: {self.said}") from None
            if row["request_id"] == request_id:
                return row

    def stop(self, sign: int = signal.SIGTERM) -> int:
        """Ends it as an operator does; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(sign)
        code = self.process.wait(PATIENCE)
        for thread in self._threads:
            thread.join(PATIENCE)
        return code

    def _read_said(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line.rstrip("\n"))
            if found := re.search(r"listening on (https?://\S+)", line):
                self.url = found[1]
                self._ready.set()
        self._ready.set()

    def _read_logged(self) -> None:
        assert self.process.stdout is not None
        with suppress(ValueError):  # a test that failed closes it
            for line in self.process.stdout:
                self.logged.put(line)


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without any provider's key, so that no test depends on who runs it."""
    clean = {k: v for k, v in os.environ.items() if not re.search(r"(API_KEY|_BASE_URL|GATEWAY_KEY|LISTEN)", k)}
    return {**clean, "PYTHONWARNINGS": "error", **extra}


@contextmanager
def gateway(table: Path = ROOT / "routes.yaml", *args: str, **env: str) -> Iterator[Gateway]:
    """Starts `engine run TABLE ARGS` on a free port. At the end asserts that the test's clients have left nothing behind, and
    exit code 0, no traceback and no warning."""
    process = subprocess.Popen(
        # Not -X dev: its watch on slow callbacks would make a busy machine fail tests.
        [sys.executable, "-W", "error", "-m", "engine", "run", str(table), *args],
        env=environment({"LISTEN": "127.0.0.1:0", **env}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    running = Gateway(process)
    try:
        running.wait_ready()
        traces = Traces(process.pid, running.url)
        yield running
        traces.must_be_gone()
        code = running.stop()
        assert code == 0, f"exit code {code}; it said: {running.said}"
        assert not [line for line in running.said if NOISE.search(line)], running.said
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(PATIENCE)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
