"""Processes under measurement: started, pinned to a core, and their own accounting read (Linux /proc).

CPU time is what the kernel charged to the process and its threads, in nanoseconds (schedstat): other work on the machine
hardly touches it, unlike throughput.
"""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PATIENCE = 60.0
_ALLOWED = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set[int]()


class NotReady(Exception):
    """A process ended, or did not say that it listens, in time. Holds the last of what it said."""


class Server:
    """A server process group, on `core` or, for None, on any. `pids` are the process and all that descend from it."""

    def __init__(self, name: str, command: Sequence[str], *, core: int | None, env: Mapping[str, str] | None = None) -> None:
        self.name = name
        cores = {core} if core is not None and core in _ALLOWED else _ALLOWED
        self.process = subprocess.Popen(
            list(command),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
            start_new_session=True,
            bufsize=0,  # a line held back in a buffer would be none to wait for
        )

    def wait_for(self, pattern: str) -> str:
        """Reads its output until a line matches; the first group. Raises NotReady."""
        said: list[str] = []
        assert self.process.stdout is not None
        with selectors.DefaultSelector() as ready:
            ready.register(self.process.stdout, selectors.EVENT_READ)
            deadline = time.monotonic() + PATIENCE
            while time.monotonic() < deadline:
                if not ready.select(0.2):
                    if self.process.poll() is not None:
                        break
                    continue
                line = self.process.stdout.readline().decode(errors="replace")
                if not line:
                    break
                said.append(line)
                if found := re.search(pattern, line):
                    self.discard_output()
                    return found[1] if found.groups() else line
        raise NotReady(f"{self.name}: {''.join(said[-20:])}")

    def discard_output(self) -> None:
        """What it says from here on goes nowhere, at no cost to this process: another one reads the pipe."""
        assert self.process.stdout is not None
        self._drain = subprocess.Popen(
            [sys.executable, "-S", "-c", "import os\nwhile os.read(0, 1 << 20): pass"], stdin=self.process.stdout
        )
        self.process.stdout.close()

    @property
    def pids(self) -> list[int]:
        found, seen = [self.process.pid], 0
        while seen < len(found):
            try:
                children = Path(f"/proc/{found[seen]}/task/{found[seen]}/children").read_text().split()
            except OSError:
                children = []
            found.extend(int(pid) for pid in children)
            seen += 1
        return found

    def cpu_seconds(self) -> float:
        """CPU time so far of the whole group."""
        return sum(_cpu_of(pid) for pid in self.pids)

    def rss_bytes(self) -> int:
        return sum(_rss_of(pid) for pid in self.pids)

    def stop(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(5)
        if self.process.stdout is not None:
            self.process.stdout.close()
        if hasattr(self, "_drain"):
            self._drain.kill()
            self._drain.wait(5)


def share_upstream_core() -> None:
    """The load generator, this process, leaves the first core to the server under test: it runs where the mock does."""
    if 1 in _ALLOWED:
        os.sched_setaffinity(0, {1})


def _cpu_of(pid: int) -> float:
    total = 0
    for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            total += int(task.read_text().split()[0])
        except (OSError, IndexError):
            continue  # a thread that ended meanwhile
    return total / 1e9


def _rss_of(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def mock_upstream(core: int | None, module: str = "bench.upstream") -> tuple[Server, int]:
    """The mock provider, and its port."""
    server = Server("upstream", [sys.executable, "-m", module], core=core)
    return server, int(server.wait_for(r"listening on http://127\.0\.0\.1:(\d+)"))
