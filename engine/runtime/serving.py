"""What one process serves: the program of now, on its listener. A reload puts another program in its place."""

from __future__ import annotations

import asyncio
import time
import weakref
from typing import TYPE_CHECKING, Any

from engine.runtime.interpreter import Interpreter
from engine.runtime.services import Wiring, services_for, transport_maker
from engine.runtime.tasks import Tasks
from engine.server.listener import Listener
from engine.server.tls import server_context

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from engine.faults import Fault
    from engine.observe.metrics import Figures
    from engine.ports import Client, Transport
    from engine.program import Program
    from engine.web import Request, Response

CUT = 0.5  # seconds for the last bytes of what was cut, and for transports to close


class Serving:
    """`write_log` takes rows of the request log; `report` is told of mistakes of our own."""

    def __init__(
        self,
        figures: Figures,
        write_log: Callable[[dict[str, Any]], None],
        report: Callable[[BaseException], None],
    ) -> None:
        self.figures = figures
        self.last_reload: Mapping[str, Any] | None = None
        self.generation = 0
        self._write_log = write_log
        self._report = report
        self._make = transport_maker(figures)
        self._began = time.monotonic()
        self._draining = False
        self._tasks = Tasks(report)
        self._wiring: Wiring | None = None
        self._ends: list[weakref.finalize[Any, Any]] = []
        self._listener: Listener | None = None

    def adopt(self, program: Program, generation: int) -> None:
        """Serves `program` from the next request on; requests in flight end on the one they began with.

        Raises what binding a stage raises; the program of before then stays."""
        wiring = Wiring(program.providers, self._make, self._wiring)
        services = services_for(wiring, self.figures, self._write_log, self.status)
        try:
            interpreter = Interpreter(program, services, self._report)
        except BaseException:
            self._close_all(wiring.release())
            raise
        # Requests in flight hold their interpreter; when the last of them lets go, so do its transports.
        self._ends = [end for end in self._ends if end.alive]
        self._ends.append(weakref.finalize(interpreter, self._ended, asyncio.get_running_loop(), wiring))
        self._interpreter, self._wiring, self.generation = interpreter, wiring, generation
        self.figures.learn(program)
        self.figures.set("engine_config_generation", generation)
        if self._listener is not None:
            self._listener.adopt(program.server)

    async def start(self, sockets: Sequence[socket.socket]) -> None:
        """Accepts connections; the sockets are the listener's from now on. Raises ListenError."""
        server = self._interpreter.program.server
        self._listener = Listener(self._handle, self._refuse, server, self.figures, self._report)
        await self._listener.start(sockets, server_context(server.tls) if server.tls else None)

    async def drain(self, seconds: float) -> None:
        """No new connections; requests in flight have `seconds` to end, and are then cut (F-60)."""
        self._draining = True
        if self._listener is not None:
            self._listener.stop_accepting()
            if await self._listener.drain(seconds):
                self._listener.close_now()
                await self._listener.drain(CUT)

    def cut(self) -> None:
        """What is in flight ends now; a `drain` that waits for it returns soon."""
        if self._listener is not None:
            self._listener.close_now()

    @property
    def patience(self) -> float:
        """How many seconds requests in flight have when the process is told to end."""
        seconds: float = self._interpreter.program.server.timeouts.shutdown
        return seconds

    @property
    def most_memory(self) -> float:
        """Bytes of resident memory beyond which this process is to be replaced."""
        limit: int | None = self._interpreter.program.server.limits.memory
        return float("inf") if limit is None else limit

    async def close(self) -> None:
        """Ends what is left at once."""
        await self.drain(0.0)
        for end in self._ends:
            if (dead := end.detach()) is not None:
                self._close_all(dead[2][1].release())
        await self._tasks.stop(CUT)

    def status(self) -> Mapping[str, Any]:
        """What /health tells of this worker."""
        return {
            "uptime": round(time.monotonic() - self._began, 3),
            "generation": self.generation,
            "draining": self._draining,
            "last_reload": self.last_reload,
        }

    def _handle(self, request: Request, client: Client) -> Awaitable[None]:
        return self._interpreter.handle(request, client)

    def _refuse(self, fault: Fault, path: str) -> Response:
        return self._interpreter.refuse(fault, path)

    def _ended(self, loop: asyncio.AbstractEventLoop, wiring: Wiring) -> None:
        # The last reference may go in any thread, wherever the collector happens to run.
        if not loop.is_closed():
            loop.call_soon_threadsafe(lambda: self._close_all(wiring.release()))

    def _close_all(self, transports: list[Transport]) -> None:
        for transport in transports:
            self._tasks.start("close a transport", transport.close())
