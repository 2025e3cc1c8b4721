"""What the operating system knows of this process: memory, CPU time, descriptors."""

from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PAGE = os.sysconf("SC_PAGE_SIZE")
_SELF = Path("/proc/self")
FRESH = 5.0  # seconds: listing ten thousand descriptors is not free


class ProcessFigures:
    """Yields (figure, value). Counted descriptors are up to FRESH seconds old; what a system does not tell is left out."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._counted_at = float("-inf")
        self._descriptors: int | None = None

    def __call__(self) -> Iterator[tuple[str, float]]:
        used = resource.getrusage(resource.RUSAGE_SELF)
        yield "process_cpu_seconds", used.ru_utime + used.ru_stime
        yield "process_max_fds", resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        resident = resident_memory()
        if resident is not None:
            yield "process_resident_memory_bytes", resident
        if self._now() - self._counted_at >= FRESH:
            self._counted_at, self._descriptors = self._now(), _count_descriptors()
        if self._descriptors is not None:
            yield "process_open_fds", self._descriptors


def raise_descriptor_limit() -> None:
    """The soft limit of open files up to the hard one: a default of 1024 is a default of 500 streams (F-42)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (OSError, ValueError):  # some systems refuse "unlimited"
            pass


def resident_memory() -> int | None:
    """Bytes of this process that are in memory; None where the system does not tell."""
    try:
        return int((_SELF / "statm").read_bytes().split()[1]) * _PAGE
    except OSError:
        return None


def _count_descriptors() -> int | None:
    try:
        return sum(1 for _ in (_SELF / "fd").iterdir()) - 1  # the listing itself needs one
    except OSError:
        return None
