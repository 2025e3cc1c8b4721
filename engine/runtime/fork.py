"""A child process of the supervisor.

Fork, not exec: a new worker is there in milliseconds with all code loaded and shared, and a worker that dies is replaced
well within half a second. That is sound because the supervisor has no thread and no event loop, ever.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

from engine.runtime.mistakes import in_full, tell_all
from engine.runtime.signals import HEARD

if TYPE_CHECKING:
    from collections.abc import Callable

FAILED = 70  # EX_SOFTWARE: the child's work raised


def fork(work: Callable[[], int], forget: Callable[[], None]) -> int:
    """The pid of a child that does `work` and exits with what it returns. `forget` drops what is the parent's only.

    Raises OSError when the system gives no process (F-43)."""
    # A signal between fork and `forget` would be taken for one of the parent's.
    old = signal.pthread_sigmask(signal.SIG_BLOCK, HEARD)
    try:
        pid = os.fork()
        if pid == 0:
            _live(work, forget, old)
        return pid
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, old)


def _live(work: Callable[[], int], forget: Callable[[], None], mask: set[int | signal.Signals]) -> None:
    code = FAILED
    tell_all()
    try:
        forget()
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        code = work()
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else FAILED
    except BaseException as mistake:
        sys.stderr.write(in_full(mistake))
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)  # never into the parent's own `finally` blocks
