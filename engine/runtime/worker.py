"""One worker process: an event loop, a listener on the sockets that all workers share, and a channel to the supervisor."""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import logging
import shutil
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import uvloop

from engine.observe.console import stderr_console
from engine.observe.exposition import Shared
from engine.observe.metrics import Figures
from engine.observe.process import ProcessFigures, raise_descriptor_limit, resident_memory
from engine.observe.refusals import Refusals
from engine.observe.request_log import RequestLog
from engine.runtime.generation import Generation, read_message
from engine.runtime.memory import keep_freed
from engine.runtime.mistakes import in_full, in_short
from engine.runtime.serving import Serving
from engine.runtime.tasks import Tasks
from engine.runtime.watchdog import Heart, Watchdog

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from engine.runtime.channel import Channel, Message

START_FAILED = 3  # exit code of a worker that never served
BEATS = 5  # ticks of the heart between two publications of the figures
ALIVE = 50  # and between two words to the supervisor
RIPE = 30.0  # seconds that a worker serves at least before it may be replaced for its size, however small the limit
TELL = 12  # and between two accounts of what was refused: a little more than the console's period
FLUSH = 1.0  # seconds for the request log at the end


@dataclass(frozen=True, slots=True)
class Orders:
    """What a worker is born with. `slot` is its place (0, 1, ...), `serial` its own number; `figures` is the directory
    where figures are shared."""

    slot: int
    serial: int
    generation: Generation
    sockets: Sequence[socket.socket]
    figures: Path
    last_reload: Mapping[str, Any] | None = None


def work(orders: Orders, channel: Channel) -> int:
    """The whole life of the process; returns its exit code."""
    # A log that is closed must not make a storm of tracebacks (reliability.md, section 0.8).
    logging.raiseExceptions = False
    # The terminal sends these to the whole group; what they mean is the supervisor's to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    raise_descriptor_limit()
    faulthandler.enable(2, all_threads=False)  # where it stood when a library crashed, or the supervisor ended it (F-51)
    keep_freed()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(Worker(orders, channel).run())


class Worker:
    """Ready, alive, heavy, adopted, refused, failed: that is all a worker says. Adopt, status, drain, quit: that is all it is
    told."""

    def __init__(self, orders: Orders, channel: Channel) -> None:
        self._orders = orders
        self._channel = channel
        self._console = stderr_console(time.monotonic, time.time)
        self._log = RequestLog(1, self._tell_of_log)
        self._figures = Figures(Shared(orders.figures, orders.serial), self._sampler())
        self._refusals = Refusals(self._figures.refused, self._console.say)
        self._serving = Serving(self._figures, self._log.write, self._report)
        self._serving.last_reload = orders.last_reload
        self._tasks = Tasks(self._report)
        self._latest = orders.generation.number
        self._beats = 0
        self._ripe = time.monotonic() + RIPE
        self._heavy = False  # it was told

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._loop_trouble)
        self._leave = asyncio.Event()
        try:
            self._serving.adopt(self._orders.generation.program, self._latest)
            await self._serving.start(self._orders.sockets)
        except Exception as mistake:
            self._report(mistake)
            self._channel.send({"says": "failed", "why": in_short(mistake)})
            self._log.close(FLUSH)
            return START_FAILED
        loop.add_signal_handler(signal.SIGTERM, self._leave.set)
        loop.add_reader(self._channel.fileno(), self._hear)
        self._settle()
        await self._live(loop)
        return 0

    def _settle(self) -> None:
        # What start-up made lives as long as the process: the collector need not walk it again.
        gc.collect()
        gc.freeze()
        self._figures.set("engine_worker_start_time_seconds", time.time(), str(self._orders.slot))
        self._figures.publish()
        self._channel.send({"says": "ready"})

    async def _live(self, loop: asyncio.AbstractEventLoop) -> None:
        self._watchdog = Watchdog(time.monotonic, self._console.say)
        self._watchdog.start()
        heart = Heart(loop.call_at, loop.time, self._beat)
        await self._leave.wait()
        await self._serving.drain(self._serving.patience)
        loop.remove_reader(self._channel.fileno())
        await self._serving.close()
        await self._tasks.stop()
        heart.stop()
        self._watchdog.stop()
        self._log.close(FLUSH)
        self._figures.publish()
        if self._channel.ended:
            # Nobody is left to read the figures, or to clear them away (F-67).
            shutil.rmtree(self._orders.figures, ignore_errors=True)

    def _beat(self, late: float) -> None:
        self._figures.lag(late)
        self._watchdog.tick()
        self._beats += 1
        if self._beats % TELL == 0:
            self._refusals.tell()
        if self._beats % BEATS == 0:
            self._figures.publish()
            self._weigh()
        if self._beats % ALIVE == 0 and not self._channel.pending:
            self._channel.send({"says": "alive"})

    def _weigh(self) -> None:
        """Asks for a successor once, when this process has grown too large (F-50)."""
        most = self._serving.most_memory
        if self._heavy or most == float("inf") or time.monotonic() < self._ripe:
            return
        resident = resident_memory()
        if resident is not None and resident > most:
            self._heavy = True
            self._channel.send({"says": "heavy", "resident": resident})

    def _hear(self) -> None:
        for message in self._channel.receive():
            self._obey(message)
        if self._channel.ended:
            asyncio.get_running_loop().remove_reader(self._channel.fileno())
            self._console.say("orphaned", "the supervisor is gone: draining", "warning")
            self._leave.set()

    def _obey(self, message: Message) -> None:
        match message["do"]:
            case "adopt":
                self._latest = message["generation"]["number"]
                self._tasks.start("adopt", self._adopt(message["generation"]))
            case "status":
                self._serving.last_reload = message["last_reload"]
            case "drain":
                self._leave.set()
            case "quit":
                self._leave.set()
                self._serving.cut()

    async def _adopt(self, sent: Mapping[str, Any]) -> None:
        number = sent["number"]
        try:
            # In a thread: a large table takes longer to check than a stream should stand still.
            generation = await asyncio.to_thread(read_message, sent)
            if number != self._latest:
                return  # a later one came meanwhile
            self._serving.adopt(generation.program, number)
        except Exception as mistake:
            self._report(mistake)
            self._channel.send({"says": "refused", "number": number, "why": in_short(mistake)})
            return
        self._figures.publish()
        self._channel.send({"says": "adopted", "number": number})

    def _sampler(self) -> Callable[[], Sequence[tuple[str, float]]]:
        of_process = ProcessFigures(time.monotonic)
        return lambda: (*of_process(), ("engine_log_dropped", self._log.dropped))

    def _tell_of_log(self, works: bool, why: str) -> None:
        if works:
            self._console.say("log_works", "the request log can be written again", dropped=self._log.dropped)
        else:
            self._console.say("log_broken", "the request log cannot be written", "error", why=why)

    def _report(self, mistake: BaseException) -> None:
        self._figures.count("mistake")
        self._console.say("mistake", "an unexpected error", "error", worker=self._orders.slot, traceback=in_full(mistake))

    def _loop_trouble(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        mistake = context.get("exception")
        if mistake is not None:
            self._report(mistake)
        else:
            self._console.say("loop", str(context.get("message")), "error", worker=self._orders.slot)
