"""The watching process, as the supervisor sees it."""

from __future__ import annotations

import contextlib
import os
import signal
from typing import TYPE_CHECKING

from engine.runtime.fork import fork
from engine.runtime.watch import watch_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


class Lookout:
    """Readable when a file has changed, or when the watching process is gone. Making one may raise OSError."""

    def __init__(self, paths: Sequence[Path], forget: Callable[[], None]) -> None:
        self._reader, writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(writer, False)
        parent = os.getpid()

        def forget_ours() -> None:
            os.close(self._reader)
            forget()

        def look() -> int:
            # Ctrl-C goes to the whole group; this process ends when the supervisor says so, or dies.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            return watch_for(parent, paths, writer)

        try:
            self.pid = fork(look, forget_ours)
        finally:
            os.close(writer)

    def fileno(self) -> int:
        return self._reader

    def changed(self) -> bool:
        """Takes what is there to read; False when the watching process is gone."""
        try:
            return bool(os.read(self._reader, 4096))
        except BlockingIOError:
            return True

    def close(self) -> None:
        """Drops our end: in the supervisor, and in every worker."""
        os.close(self._reader)

    def dismiss(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        self.close()
