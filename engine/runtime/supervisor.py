"""The supervisor: checks the table, binds the sockets, and has the workers kept until it is told to stop."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.runtime.events import Event
from engine.runtime.keeper import Keeper
from engine.runtime.reload import Tables
from engine.runtime.worker import START_FAILED
from engine.server.sockets import ListenError, bind_sockets, inherited_sockets, is_loopback
from engine.server.tls import server_context

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping

    from engine.program import Program
    from engine.settings import Server

WRONG_TABLE = 1  # exit code


def run(
    path: str | Path,
    *,
    listen: str | None = None,
    workers: int | None = None,
    watch: bool = False,
    env_file: Path | None = None,
    on_event: Callable[[Event], None] = lambda event: None,  # noqa: ARG005
    environ: Mapping[str, str] = os.environ,
) -> int:
    """Serves the table at `path` until told to stop; for the main thread of a process that has no other thread. `listen` and
    `workers` take the place of the table's own, `env_file` of the `.env` beside it. `on_event` prints. Returns the exit code:
    0 after a drain, 1 when the table is wrong, 3 when the start failed, 130 or 143 when it was told to stop twice."""

    def tell(event: Event) -> None:
        with suppress(Exception):  # a terminal that is gone must not take the workers with it (F-70)
            on_event(event)

    _hold_standard_descriptors()
    tables = Tables(Path(path), environ, time.monotonic, env_file)
    reading = tables.read()
    if reading.generation is None:
        tell(Event("refused", reading.says, "error", table=reading.table, checked=reading.checked))
        return WRONG_TABLE
    tables.adopt(reading.generation)
    given: dict[str, Any] = {"listen": listen, "workers": workers}
    server = replace(tables.current.program.server, **{name: value for name, value in given.items() if value is not None})
    try:
        sockets = _open(server, tables.current.program, environ)
    except ListenError as why:
        tell(Event("failed", str(why), "error"))
        return START_FAILED
    figures = Path(tempfile.mkdtemp(prefix=f"engine-{os.getpid()}-", dir=_memory_folder()))
    try:
        return Keeper(tables, server, sockets, figures, tell).run(watch)
    finally:
        for sock in sockets:
            sock.close()
        shutil.rmtree(figures, ignore_errors=True)


def _hold_standard_descriptors() -> None:
    """Started with one of them closed, the next socket would get its number, and a client would be sent the log (F-70)."""
    for fd in (0, 1, 2):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number


def _open(server: Server, program: Program, environ: Mapping[str, str]) -> list[socket.socket]:
    """The listening sockets. Raises ListenError; what is wrong is told once, here, not by every worker."""
    if server.tls is not None:
        server_context(server.tls)
    sockets = inherited_sockets(environ, os.getpid()) or bind_sockets(server.listen)
    if _stands_open(program) and not all(map(is_loopback, sockets)):
        for sock in sockets:
            sock.close()
        raise ListenError(f"no key is set, so this table is not served on {server.listen}; set one, or listen on loopback")
    return sockets


def _stands_open(program: Program) -> bool:
    """Would callers be let in without a key? The check has refused that for the table's own address, not for --listen."""
    return any(getattr(use.part, "is_open", False) for route in program.routes if not route.public for use in route.stages)


def _memory_folder() -> str | None:
    """Where a file costs no disk access; None for the system's usual place."""
    folder = "/dev/shm"  # noqa: S108  a directory of our own is made in it
    return folder if os.access(folder, os.W_OK) else None
