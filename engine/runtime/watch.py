"""`--watch`: tells when one of a few files changes.

It runs in a process of its own, for whoever watches starts threads and the supervisor must not have any. A change is
seen by comparing what the paths lead to, so it does not matter how it was made: written in place, renamed over (editors),
or a directory link swapped (mounted configuration).
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

POLL = 1.0  # seconds; also how soon the death of the supervisor is seen
SETTLE = 0.05  # seconds: a file is read when it has kept still for so long,
PATIENCE = 20  # or when it never does for so many times

Signature = tuple[tuple[int, int, int] | None, ...]


def signature(paths: Iterable[Path]) -> Signature:
    """What the paths lead to now: (inode, size, nanoseconds of change), None where there is nothing."""
    return tuple(_look(path) for path in paths)


def watch(paths: Sequence[Path], changed: Callable[[], None], turns: Iterable[object], sleep: Callable[[float], None]) -> None:
    """Calls `changed` once per change. `turns` gives one item whenever it is worth looking, and its end ends the watch."""
    known = signature(paths)
    for _ in turns:
        now = signature(paths)
        if now == known:
            continue
        for _ in range(PATIENCE):
            sleep(SETTLE)
            known, now = now, signature(paths)
            if known == now:
                break
        known = now
        changed()


def watch_for(parent: int, paths: Sequence[Path], writer: int) -> int:
    """The work of the watching process: a byte into `writer` for every change, until `parent` is gone."""
    try:
        watch(paths, lambda: _write_byte(writer), looks(paths, alive=lambda: os.getppid() == parent), time.sleep)
    except BrokenPipeError:
        pass
    return 0


def looks(paths: Sequence[Path], alive: Callable[[], bool]) -> Iterator[None]:
    """One item when something happened beside the paths, and at least one per POLL seconds, while `alive()`."""
    folders = sorted({path.absolute().parent for path in paths})
    for _ in _notices(folders):
        if not alive():
            return
        yield


def _notices(folders: Sequence[Path]) -> Iterator[object]:
    try:
        from watchfiles import watch as notices
    except ImportError:
        while True:
            time.sleep(POLL)
            yield None
    yield from notices(
        *folders, watch_filter=None, debounce=100, rust_timeout=int(POLL * 1000), yield_on_timeout=True, recursive=False
    )


def _look(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _write_byte(writer: int) -> None:
    try:
        os.write(writer, b"!")
    except BlockingIOError:
        pass  # the supervisor has enough of them to read
