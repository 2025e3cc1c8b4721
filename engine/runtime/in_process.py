"""A table served within a process that is somebody else's: no supervisor, no worker processes."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.observe.metrics import Figures
from engine.runtime.generation import Mismatch, check_table
from engine.runtime.serving import Serving
from engine.runtime.table import Table
from engine.server.sockets import bind_sockets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping


@asynccontextmanager
async def serve_in_process(
    text: str,
    environ: Mapping[str, str] | None = None,
    *,
    write_log: Callable[[dict[str, Any]], None] = lambda row: None,  # noqa: ARG005
    report: Callable[[BaseException], None] | None = None,
) -> AsyncIterator[tuple[str, int]]:
    """Serves a table on a free port of 127.0.0.1, in this process and on this event loop; gives (host, port). For tests and
    rehearsals: no supervisor, one worker. `report` is told of mistakes of our own; without one they are raised at the end.

    Raises Mismatch with all complaints when the table is wrong."""
    checked, _ = check_table(Table("routes.yaml", text, environ or {}))
    if checked.program is None:
        raise Mismatch("\n".join(f"{c.file}:{c.line}:{c.column} {c.code} {c.says}" for c in checked.complaints))
    mistakes: list[BaseException] = []
    figures = Figures()
    serving = Serving(figures, write_log, report or mistakes.append)
    sockets = bind_sockets("127.0.0.1:0")
    address = sockets[0].getsockname()
    serving.adopt(replace(checked.program, server=replace(checked.program.server, tls=None)), 1)
    try:
        await serving.start(sockets)
        yield address[0], address[1]
    finally:
        await serving.close()
    if mistakes:
        raise mistakes[0]
