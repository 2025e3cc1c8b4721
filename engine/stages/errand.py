"""Hot: guarded by bench/micro/call.py. One plan carried out: its asks and races sent, judged and, where it helps, sent again.

Attempts add up and never multiply: one client call may make `retries` attempts beyond one for each ask of its plan, however
the plan's pools nest. Nothing is sent again once any of an answer has been handed on.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.exchange import Try
from engine.faults import Fault, clipped
from engine.ports import Patience
from engine.providers.outgoing import outgoing
from engine.stages.racing import Won, race
from engine.stages.verdict import is_error_document, is_event_stream, is_json, judge_head
from engine.stages.whole import Whole
from engine.targets import Ask, Outcome

if TYPE_CHECKING:
    from engine.exchange import Exchange
    from engine.formats.format import Format
    from engine.limits.retry import RetryBudget, RetryPolicy
    from engine.ports import Reply, Services
    from engine.targets import Plan, Target
    from engine.web import Headers

SUCCESS = Outcome()

# An error body of this size is read, so that its connection can be used again; a larger one is not worth it.
_SMALL = 16 * 1024


@dataclass(frozen=True, slots=True)
class Terms:
    """What all errands of a route have in common. Times are seconds, `limit` bytes."""

    services: Services
    format: Format
    policy: RetryPolicy
    budget: RetryBudget
    timeout: float
    connect: float
    first_byte: float
    idle: float
    limit: int


class Errand:
    """Carries out the plan of one exchange."""

    __slots__ = ("_exchange", "_patience", "_retries", "_terms")

    def __init__(self, terms: Terms, exchange: Exchange) -> None:
        self._terms = terms
        self._exchange = exchange
        self._retries = 0
        until = terms.services.now() + terms.timeout
        self._patience = Patience(terms.connect, terms.first_byte, terms.idle, until)

    async def carry(self, plan: Plan) -> Won:
        """Raises the Fault of the last thing that the plan had to try."""
        step = next(plan, None)
        if step is None:
            raise Fault("no_upstream")
        while True:
            if isinstance(step, Ask):
                ended = await self._ask(step)
            else:
                ended = await race([self._ask(ask) for ask in step.asks], step.timeout)
            try:
                step = plan.send(SUCCESS if isinstance(ended, Won) else ended)
            except StopIteration:
                break
        if isinstance(ended, Won):
            return ended
        raise ended.fault or Fault("no_upstream")

    async def _ask(self, ask: Ask) -> Won | Outcome:
        target = ask.targets[0]
        try:
            return Won(await self._attempt(target), target)
        except Fault as fault:
            failed = fault
        return await self._ask_again(ask, failed)

    async def _ask_again(self, ask: Ask, fault: Fault) -> Outcome | Won:
        """F-13 to F-15: a limit reached or a refusal concerns one key, so the next key is asked at once; for all else time
        must pass. A key that was refused is not tried again."""
        budget = self._terms.budget
        keys = deque(ask.targets)
        unused = len(keys) - 1
        while True:
            failed = keys.popleft()
            if fault.row.pools != "auth":
                keys.append(failed)
            wait = self._wait(fault, another_key=unused > 0)
            if wait is None or not keys or not budget.take():
                return Outcome(fault)
            try:
                if wait:
                    await self._terms.services.sleep(wait)
                self._retries += 1
                unused -= 1
                return Won(await self._attempt(keys[0]), keys[0])
            except Fault as again:
                fault = again
            finally:
                budget.give()

    def _wait(self, fault: Fault, another_key: bool) -> float | None:
        """Seconds until another attempt, None for no other."""
        terms, made = self._terms, self._retries + 1
        if another_key and fault.row.pools in ("auth", "rate_limit"):
            return 0.0 if terms.policy.allows(made) else None
        wait = terms.policy.next_wait(made, fault, terms.services.dice)
        late = wait is not None and terms.services.now() + wait >= self._patience.until
        return None if late else wait

    async def _attempt(self, target: Target) -> Reply:
        """Sends once. Raises Fault for whatever is not an answer."""
        terms, exchange = self._terms, self._exchange
        services = terms.services
        if terms.format.name != target.format and terms.format.name not in target.also:
            spoken, theirs = terms.format.name, target.format
            raise Fault(
                "cannot_convert",
                f"the provider speaks `{theirs}`, this route `{spoken}`; ask at a route that speaks `{theirs}`",
            )
        began = services.now()
        code, status = "internal", 0
        try:
            sending = outgoing(target, exchange.chat, exchange.request, terms.format)
            reply = await services.transport(target.provider).send(sending, self._patience)
            status = reply.status
            answer = await self._accept(reply)
            code = "" if status < 400 else "upstream_refused"
            return answer
        except Fault as fault:
            code = fault.code
            raise
        except asyncio.CancelledError:
            code = "cancelled"
            raise
        finally:
            ended = services.now()
            exchange.upstream_seconds += ended - began
            exchange.tries.append(Try(target, began, ended, code, status))
            services.meter.attempt(target, code or "ok")

    async def _accept(self, reply: Reply) -> Reply:
        """A stream stays as it is. All else is read here, where a broken body can still be asked for again elsewhere."""
        status, headers = reply.status, reply.headers
        fault = judge_head(status, headers, self._terms.services.wall())
        if fault is None and status < 300 and self._exchange.chat.stream and is_event_stream(headers):
            return reply
        try:
            if fault is not None:
                await _finish(reply)
                raise fault
            body = await reply.read(self._terms.limit)
        finally:
            reply.close()
        return self._read(status, headers, body)

    def _read(self, status: int, headers: Headers, body: bytes) -> Whole:
        """F-10, F-11: what came with a good status must be a reply of its format."""
        if status >= 400:
            if not is_error_document(headers, body):
                raise Fault("upstream_refused", status=status)
            return Whole(status, headers, body)
        if not is_json(headers):
            raise Fault("upstream_bad_body", inside=f"status {status}, {_told(headers)}")
        heard = self._terms.format.read_reply(body)
        if heard.fault is not None:
            raise heard.fault
        return Whole(status, headers, body, heard)


def _told(headers: Headers) -> str:
    media_type = headers.get(b"content-type", b"no content type") or b""
    return clipped(media_type.decode("latin-1"), 64)


async def _finish(reply: Reply) -> None:
    length = reply.headers.get(b"content-length")
    if length is not None and length.isdigit() and len(length) < 9 and int(length) <= _SMALL:
        try:
            await reply.read(_SMALL)
        except Fault:
            return  # it had failed already
