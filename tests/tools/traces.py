"""What a running gateway holds, as the system tells it: descriptors and memory of every process of it."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

# Generous, since machines that run tests are busy; nothing waits longer than it must.
PATIENCE = 10.0
GROWTH = 192 * 1024 * 1024  # bytes of one process: the largest answers that tests ask for, and what the C library keeps of them
_ESTABLISHED, _CLOSE_WAIT, _LISTEN = "01", "08", "0A"


class Traces:
    """Taken when the gateway listens. A worker that came later is held to what the first one had."""

    def __init__(self, pid: int, url: str) -> None:
        self._pid = pid
        self._port = urlsplit(url).port or 0
        self._before = self._descriptors()
        self._memory = self._resident()
        self.growth = GROWTH  # a test of growth allows more

    def must_be_gone(self) -> None:
        """Waits until nothing of any request is left; fails when that does not come about. What may be left are sound
        connections that lie idle in the pools."""
        deadline = time.monotonic() + PATIENCE
        while left := self._left():
            assert time.monotonic() < deadline, left
            time.sleep(0.01)
        grown = self._resident() - self._memory
        assert grown < self.growth, f"a process has grown by {grown} bytes"

    def _left(self) -> list[str]:
        kinds = self._descriptors()
        more = [f"{many} of {kind}" for kind, many in kinds.items() if many > self._before[kind]]
        return more + [f"a connection {what}" for what in self._connections()]

    def _descriptors(self) -> Counter[str]:
        """By kind, the most that any one process has; sockets are looked at in `_connections`."""
        most: Counter[str] = Counter()
        for pid in self._pids():
            for kind, many in Counter(self._kinds(pid)).items():
                most[kind] = max(most[kind], many)
        return most

    def _kinds(self, pid: int) -> Iterator[str]:
        for link in links(pid):
            if not link.startswith("socket:"):
                yield link.partition(":")[0] if link.startswith(("pipe:", "anon_inode:")) else link

    def _connections(self) -> Iterator[str]:
        """Connections of clients, and those whose other side has ended."""
        for pid in self._pids():
            held = set(links(pid))
            for inode, port, state in sockets(pid):
                if f"socket:[{inode}]" not in held or state == _LISTEN:
                    continue
                if port == self._port:
                    yield "of a client"
                elif state != _ESTABLISHED:
                    yield f"to a provider, in state {state}"

    def _resident(self) -> int:
        """Bytes of the largest process."""
        return max((resident(pid) for pid in self._pids()), default=0)

    def _pids(self) -> list[int]:
        return [self._pid, *children(self._pid)]


def children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def links(pid: int) -> list[str]:
    """What each descriptor of a process is."""
    found = []
    try:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            try:
                found.append(str(descriptor.readlink()))
            except OSError:
                continue  # closed meanwhile
    except OSError:
        pass  # the process has ended
    return found


def sockets(pid: int) -> Iterator[tuple[str, int, str]]:
    """(inode, local port, state) of every TCP socket that the process can see: its own and all others."""
    for name in ("tcp", "tcp6"):
        try:
            lines = Path(f"/proc/{pid}/net/{name}").read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            words = line.split()
            yield words[9], int(words[1].rpartition(":")[2], 16), words[3]


def resident(pid: int) -> int:
    """Bytes."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
