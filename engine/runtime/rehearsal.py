"""A request carried through its route up to the moment of sending, and nothing sent: what `engine explain` shows.

The stages are the real ones, bound as always; only the transport is one that refuses to send and tells what it was given.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any

from engine.exchange import Caller, Exchange
from engine.faults import Fault
from engine.ports import Outgoing, Patience, Reply, Services
from engine.routes.explain import Explanation, why_not
from engine.routes.match import Matcher
from engine.runtime.lines import lay

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.parts import Deed
    from engine.program import Program, StageUse
    from engine.targets import Target
    from engine.web import Request


class _WouldSend(BaseException):
    """Not an Exception: no stage may take it for a failure of the provider."""

    def __init__(self, outgoing: Outgoing) -> None:
        self.outgoing = outgoing


class _Sealed:
    """A transport that sends nothing."""

    async def send(self, outgoing: Outgoing, patience: Patience) -> Reply:  # noqa: ARG002
        raise _WouldSend(outgoing)

    async def close(self) -> None: ...


class _Uncounted:
    """A meter that counts nothing: a rehearsal is no traffic."""

    active = 0

    def began(self, exchange: Exchange) -> None: ...
    def finished(self, exchange: Exchange) -> None: ...
    def attempt(self, target: Target, code: str) -> None: ...
    def count(self, name: str, by: float = 1) -> None: ...
    def lag(self, seconds: float) -> None: ...
    def expose(self) -> bytes:
        return b""


async def rehearse(program: Program, request: Request) -> Explanation:
    """Runs the stages of the route that `request` matches until one would send, answers or fails."""
    seen = Explanation(request.method, request.path)
    try:
        seen.route, seen.captures = Matcher(program.routes).match(request.method, request.path)
    except Fault as fault:
        seen.fault = fault
    seen.others = why_not(program, request.method, request.path, seen.route)
    if seen.route is None:
        return seen
    line = lay(program, _services())[seen.route.name]
    exchange = Exchange(request, seen.route, seen.captures, "explain", time.monotonic())
    exchange.considered = seen.considered
    uses = [use for use in seen.route.stages if not (use.part.sending or use.part.after)]
    for use, deed in zip(uses, line.deeds, strict=True):
        if not await _step(use, deed, exchange, seen):
            break
    if seen.outgoing is not None:
        provider = program.providers.get(seen.outgoing.target.provider)
        seen.builtin = provider is not None and provider.kind == "echo"
    if seen.builtin:
        seen.steps[-1] = (seen.steps[-1][0], "the built-in echo would answer")
    return seen


async def _step(use: StageUse, deed: Deed, exchange: Exchange, seen: Explanation) -> bool:
    """Runs one stage; says whether the next may follow."""
    try:
        waiting = deed(exchange)
        if waiting is not None:
            await waiting
    except _WouldSend as would:
        seen.outgoing = would.outgoing
        seen.steps.append((use, f"would send to {would.outgoing.target.name}"))
        return False
    except Fault as fault:
        if use.word == "auth":  # an explanation is for whoever holds the table; go on as if the key were right
            exchange.caller = Caller("explain")
            seen.refused = fault
            seen.steps.append((use, f"refuses this request as it stands: {fault.status} {fault.code} (passed over here)"))
            return True
        seen.fault = fault
        seen.steps.append((use, f"fails: {fault.status} {fault.code}: {fault.message}"))
        return False
    seen.answer = exchange.answer
    seen.steps.append((use, f"answers {exchange.answer.status}" if exchange.answer else _did(use, exchange)))
    return exchange.answer is None


def _did(use: StageUse, exchange: Exchange) -> str:
    if use.word == "auth" and exchange.caller:
        return f"lets in `{exchange.caller.name}`"
    if use.word == "decode":
        return f"model `{exchange.chat.model}`, {'streamed' if exchange.chat.stream else 'whole'}"
    return "done"


def _services() -> Services:
    async def no_wait(seconds: float) -> None:  # noqa: ARG001
        return None

    def no_status() -> Mapping[str, Any]:
        return {}

    sealed = _Sealed()
    return Services(
        now=time.monotonic,
        wall=time.time,
        dice=random.Random().random,  # noqa: S311  selection, not secrecy
        sleep=no_wait,
        transport=lambda _: sealed,
        meter=_Uncounted(),
        write_log=lambda _: None,
        status=no_status,
    )
