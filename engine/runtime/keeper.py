"""Keeps the workers: starts them, hears them and the signals, and starts them again.

One thread, one loop over descriptors, no event loop: it can fork at any moment. It serves nothing itself, so that whatever
breaks in a worker finds it well.
"""

from __future__ import annotations

import gc
import os
import random
import selectors
import signal
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from engine.observe.exposition import Shared, bury
from engine.observe.metrics import Figures
from engine.runtime.crew import Crew
from engine.runtime.ending import Ending
from engine.runtime.events import Event
from engine.runtime.lookout import Lookout
from engine.runtime.pulse import Pulse
from engine.runtime.rollout import Rollout
from engine.runtime.signals import STOPS, Signals
from engine.runtime.worker import Orders, work

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

    from engine.runtime.channel import Channel
    from engine.runtime.crew import Member
    from engine.runtime.reload import Tables
    from engine.settings import Server


class Keeper:
    """`server` is the `server:` section as it was started; `figures` the directory of the workers' figures."""

    def __init__(
        self, tables: Tables, server: Server, sockets: list[socket.socket], figures: Path, tell: Callable[[Event], None]
    ) -> None:
        self._tables = tables
        self._server = server
        self._sockets = sockets
        self._directory = figures
        self._tell = tell
        self._figures = Figures(Shared(figures, 0))
        self._crew = Crew(server.workers, self._work, self._forget, time.monotonic, random.random)
        self._rollout = Rollout(tables, self._crew, self._count, tell)
        self._ending = Ending(self._crew, time.monotonic, tell)
        self._pulse = Pulse(self._crew, time.monotonic, tell)
        self._selector = selectors.PollSelector()
        self._lookout: Lookout | None = None
        self._began = False  # all workers of the first generation were ready
        self._reload_wanted = False

    def run(self, watch: bool) -> int:
        gc.collect()
        gc.freeze()  # pages that the collector does not write to stay shared with the workers
        with Signals() as self._signals, self._selector:
            self._listen_to(self._signals, self._hear_signals)
            if watch:
                self._lookout = Lookout(self._tables.paths, self._signals.forget)
                self._listen_to(self._lookout, self._hear_lookout)
            try:
                while self._ending.code is None or any(self._crew):
                    self._turn()
            finally:
                self._clear_away()
        self._tell(Event("stopped", "stopped", facts={"code": self._ending.code}))
        return self._ending.code

    def _turn(self) -> None:
        for member in self._crew.fill(self._tables.current.number):
            self._listen_to(member.channel, partial(self._hear, member))
        for key, events in self._selector.select(self._patience()):
            if events & selectors.EVENT_WRITE:
                key.fileobj.flush()  # type: ignore[union-attr]
            if events & selectors.EVENT_READ:
                key.data()
        self._ending.kill_the_late()
        self._pulse.look()
        if self._reload_wanted and self._ending.code is None:
            # Signals that have come are one reload; those that come during it are the next (F-64).
            self._reload_wanted = False
            self._rollout.reload()
        for member in self._crew:
            if not member.channel.ended:
                wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if member.channel.pending else 0)
                self._selector.modify(member.channel, wanted, partial(self._hear, member))

    def _patience(self) -> float:
        first = min(self._ending.next_due(), self._crew.next_due, self._pulse.next_due)
        return max(0.01, first - time.monotonic())

    def _listen_to(self, what: Any, heard: Callable[[], None]) -> None:
        self._selector.register(what, selectors.EVENT_READ, heard)

    def _hear_signals(self) -> None:
        for number in self._signals.take():
            if number == signal.SIGCHLD:
                self._reap()
            elif number == signal.SIGHUP:
                self._reload_wanted = True
            elif number in STOPS:
                self._ending.stop(number, self._tables.current.program.server.timeouts.shutdown)
                # The workers have let go of their copies: a connection that is made now is refused, not left waiting.
                for sock in self._sockets:
                    sock.close()

    def _hear_lookout(self) -> None:
        if self._lookout is None:
            return  # lost in this very turn
        if self._lookout.changed():
            self._reload_wanted = True
        else:
            self._selector.unregister(self._lookout)

    def _lose_lookout(self, lookout: Lookout) -> None:
        if lookout in self._selector.get_map():
            self._selector.unregister(lookout)
        lookout.close()
        self._lookout = None
        if self._ending.code is None:
            self._tell(Event("not_watching", "the file is no longer watched; SIGHUP still reloads", "warning"))

    def _hear(self, member: Member) -> None:
        if member.channel.ended:
            return  # buried in this very turn
        for message in member.channel.receive():
            member.heard = time.monotonic()
            match message["says"]:
                case "alive":
                    pass
                case "ready":
                    member.ready = True
                    self._crew.relieve(member)
                    self._begin()
                    self._rollout.announce()
                case "heavy":
                    self._succeed(member, message["resident"])
                case "failed":
                    member.trouble = message["why"]
                case _:
                    self._rollout.heed(member, message)
        if member.channel.ended:
            self._selector.unregister(member.channel)

    def _succeed(self, member: Member, resident: int) -> None:
        self._crew.succeed(member)
        self._count("worker_heavy")
        says = f"a worker has grown to {resident >> 20} MiB; another takes its place"
        self._tell(Event("worker_heavy", says, "warning", facts={"pid": member.pid}))

    def _begin(self) -> None:
        if self._began or not self._crew.complete:
            return
        self._began = True
        names = [sock.getsockname()[:2] for sock in self._sockets]
        addresses = [f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in names]
        facts = {"addresses": addresses, "workers": self._server.workers, "tls": self._server.tls is not None}
        says = f"listening on {', '.join(addresses)}"
        self._tell(Event("ready", says, facts=facts, program=self._tables.current.program))

    def _work(self, slot: int, serial: int, channel: Channel) -> int:
        orders = Orders(slot, serial, self._tables.current, self._sockets, self._directory, self._tables.status)
        return work(orders, channel)

    def _forget(self) -> None:
        self._signals.forget()
        if self._lookout is not None:
            self._lookout.close()

    def _reap(self) -> None:
        while True:
            try:
                # Any child: as process 1 of a container we also inherit strangers, who must not stay zombies.
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if member := self._crew.died(pid):
                self._bury(member, os.waitstatus_to_exitcode(status))
            elif self._lookout is not None and pid == self._lookout.pid:
                self._lose_lookout(self._lookout)

    def _bury(self, member: Member, code: int) -> None:
        self._hear(member)  # its last words
        if not member.channel.ended:  # somebody else holds its end: an extension's child
            self._selector.unregister(member.channel)
        member.channel.close()
        bury(self._directory, member.serial)
        if self._ending.code is not None:
            return
        if not self._began:
            self._ending.fail(member.trouble or f"a worker {_fate(code)}")
            return
        if member.leaving and not code:
            return
        level: Any = "error" if code else "info"
        facts = {"pid": member.pid}
        self._tell(Event("worker_died", f"a worker {_fate(code)}; another takes its place", level, facts=facts))
        if code:
            self._count("worker_deaths")
            self._rollout.crashed()

    def _count(self, word: str) -> None:
        self._figures.count(word)
        self._figures.publish()

    def _clear_away(self) -> None:
        # Nobody is left here unless this loop itself failed: then no worker may outlive it unseen.
        for member in self._crew:
            member.kill()
        if self._lookout is not None:
            self._lookout.dismiss()
            os.waitpid(self._lookout.pid, 0)
        for member in self._crew:
            os.waitpid(member.pid, 0)


def _fate(code: int) -> str:
    if code >= 0:
        return f"ended with code {code}"
    return f"was ended by {signal.Signals(-code).name}"
