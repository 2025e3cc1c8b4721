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
from engine.formats import FORMATS
from engine.formats.opening import Opening, is_plain
from engine.formats.seals import holds_envelope
from engine.ports import Patience
from engine.providers.credentials import quoting_no_key, without_key
from engine.providers.outgoing import outgoing
from engine.stages.conversing import Conversing, ForeignStream, convert_whole, refusal_in
from engine.stages.own_word import OwnWord, own_word
from engine.stages.racing import Won, race
from engine.stages.unpacking import gunzipped
from engine.stages.verdict import is_error_document, is_event_stream, is_json, judge_head
from engine.stages.whole import Whole
from engine.targets import Ask, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.exchange import Exchange
    from engine.formats.conversion import Conversion
    from engine.formats.format import Format
    from engine.formats.losses import OnLoss
    from engine.limits.cooling import Cooling
    from engine.limits.retry import RetryBudget, RetryPolicy
    from engine.ports import Outgoing, Reply, Services, Transport
    from engine.stages.fetching import Fetches
    from engine.targets import Plan, Target
    from engine.web import Headers

SUCCESS = Outcome()
_NOBODY = Outcome()  # has been asked

# An error body of this size is read, so that its connection can be used again; a larger one is not worth it.
_SMALL = 16 * 1024


class Transports(dict[str, "Transport"]):
    """By provider name. A program keeps its transports, so each is asked for once."""

    __slots__ = ("_find",)

    def __init__(self, find: Callable[[str], Transport]) -> None:
        self._find = find

    def __missing__(self, name: str) -> Transport:
        found = self[name] = self._find(name)
        return found


@dataclass(frozen=True, slots=True)
class Terms:
    """What all errands of a route have in common. Times are seconds; `limit` is bytes of an answer that is read whole, `most`
    of any."""

    services: Services
    transports: Transports
    format: Format
    policy: RetryPolicy
    budget: RetryBudget
    cooling: Cooling
    timeout: float
    connect: float
    first_byte: float
    idle: float
    limit: int
    most: int
    on_loss: OnLoss
    pass_errors: bool = False
    own_errors: bool = False
    stream_timeout: float = 0.0  # 0: as `timeout`
    fetches: Fetches | None = None


class Errand:
    """Carries out the plan of one exchange."""

    __slots__ = ("_began", "_conversing", "_due", "_exchange", "_patience", "_retries", "_terms", "_word")

    def __init__(self, terms: Terms, exchange: Exchange) -> None:
        self._terms = terms
        self._exchange = exchange
        self._retries = 0
        self._word: OwnWord | None = None  # the last provider's own error, where such may be passed on
        self._conversing: Conversing | None = None  # when a target speaks another format
        self._began = began = terms.services.now()
        # The moment by which an answer must have begun, whole or as a stream; a stream may then go on for longer.
        self._due = until = began + terms.timeout
        if terms.stream_timeout and exchange.chat.stream:
            until = began + terms.stream_timeout
        self._patience = Patience(terms.connect, terms.first_byte, terms.idle, until, terms.most)

    async def carry(self, plan: Plan) -> None:
        """Gives the exchange its reply and its target. Raises the Fault of the last thing that the plan had to try."""
        budget, exchange, began = self._terms.budget, self._exchange, self._began
        ended = _NOBODY
        budget.active += 1
        budget.paid += 1
        try:
            step = next(plan, None)
            while step is not None:
                if isinstance(step, Ask):
                    # As `_ask`, without a coroutine more for what is nearly always the whole of it.
                    target = step.targets[0]
                    answer = await self._attempt(target, began)
                    if isinstance(answer, Fault):
                        ended = self._keep(await self._ask_again(step, answer))
                    else:
                        exchange.reply, exchange.target, ended = answer, target, SUCCESS
                        budget.unpaid = 0
                else:
                    ended = self._keep(await race([self._ask(ask) for ask in step.asks], step.timeout))
                try:
                    step = plan.send(ended)
                except StopIteration:
                    break
                began = self._terms.services.now()
        finally:
            budget.active -= 1
        if ended is not SUCCESS:
            word, fault = self._word, ended.fault or Fault("no_upstream")
            if word is None or word.fault is not fault:
                raise fault
            exchange.reply, exchange.target = word.reply, word.target

    def _keep(self, ended: Won | Outcome) -> Outcome:
        """What the plan is told; what was won is the exchange's."""
        if isinstance(ended, Outcome):
            return ended
        self._exchange.reply, self._exchange.target = ended
        self._terms.budget.unpaid = 0
        return SUCCESS

    async def _ask(self, ask: Ask) -> Won | Outcome:
        answer = await self._attempt(ask.targets[0], self._terms.services.now())
        return await self._ask_again(ask, answer) if isinstance(answer, Fault) else Won(answer, ask.targets[0])

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
            # F-21: an idle connection's end is no sign of trouble.
            charged = not fault.stale
            if wait is None or not keys or (charged and not budget.take()):
                return Outcome(fault)
            self._retries += 1
            try:
                if wait:
                    await self._terms.services.sleep(wait)
                unused -= 1
                answer = await self._attempt(keys[0], self._terms.services.now())
            finally:
                if charged:
                    budget.give()
            if not isinstance(answer, Fault):
                return Won(answer, keys[0])
            fault = answer

    def _wait(self, fault: Fault, another_key: bool) -> float | None:
        """Seconds until another attempt, None for no other."""
        terms, made = self._terms, self._retries + 1
        if fault.stale or (another_key and fault.row.pools in ("auth", "rate_limit")):
            return 0.0 if terms.policy.allows(made) else None
        wait = terms.policy.next_wait(made, fault, terms.services.dice)
        late = wait is not None and terms.services.now() + wait >= self._due
        return None if late else wait

    async def _attempt(self, target: Target, began: float) -> Reply | Fault:
        """Sends once, `began` being now. What is not an answer comes back as its fault."""
        terms, exchange = self._terms, self._exchange
        services, spoken = terms.services, terms.format
        code, status, reply, answer, conversion = "internal", 0, None, None, None
        try:
            native = spoken.name == target.format or spoken.name in target.also
            theirs = spoken if native else FORMATS[target.format]
            # Another provider's seals, from an earlier turn, would be refused: they are taken out.
            if native and not holds_envelope(exchange.chat.body, spoken.name):
                sending = outgoing(target, exchange.chat, exchange.request, spoken)
            else:
                conversion, sending, began = await self._convert(target, theirs, began)
            reply = await terms.transports[target.provider].send(sending, self._patience_from(began))
            status = reply.status
            if exchange.chat.stream and 200 <= status < 300 and is_event_stream(reply.headers):
                await self._open(reply, theirs)
                answer = reply if conversion is None else ForeignStream(reply, conversion)
            else:
                # Read here, where a broken body can still be asked for again elsewhere.
                if not 200 <= status < 300:
                    await self._judge(reply, target if conversion is None else None)
                answer = self._read(target, status, reply.headers, await reply.read(terms.limit), conversion)
            code = "" if status < 400 else "upstream_refused"
            return answer
        except Fault as fault:
            code = fault.code
            if terms.cooling.heed(fault, target, exchange.chat.model):
                services.meter.count("upstream_cooldowns")
            return quoting_no_key(fault, target.credential)
        except asyncio.CancelledError:
            code = "cancelled"
            raise
        finally:
            if reply is not None and (answer is None or isinstance(answer, Whole)):
                reply.close()
            ended = services.now()
            exchange.upstream_seconds += ended - began
            exchange.tries.append(Try(target, began, ended, code, status))
            services.meter.attempt(target, code or "ok")

    def _patience_from(self, began: float) -> Patience:
        patience = self._patience
        if self._due < patience.until and began + self._terms.first_byte > self._due:
            patience.first_byte = max(self._due - began, 0.0)
        return patience

    async def _open(self, reply: Reply, theirs: Format) -> None:
        """F-11: nothing of a stream is handed on before its first event. Raises the Fault that this event is."""
        if reply.headers.get(b"content-encoding") == b"gzip":
            raise Fault("upstream_encoding")  # what is packed cannot go on event by event
        if is_plain(await reply.peek(0)):
            return
        opening, seen = Opening(theirs.tap), 0
        while len(held := await reply.peek(seen)) > seen:
            if opening.feed(held[seen:]):
                return
            seen = len(held)
        # It ended without an event. Some providers send a whole error under the name of a stream.
        raise theirs.read_reply(held).fault or Fault("upstream_bad_body", inside="a stream without an event")

    async def _judge(self, reply: Reply, target: Target | None) -> None:
        """Raises the Fault that a status is, when its body is not worth reading. What a `target` says may be passed on."""
        fault = judge_head(reply.status, reply.headers, self._terms.services.wall())
        if fault is None:
            return
        if self._terms.pass_errors and target is not None:
            self._word = await own_word(reply, fault, target)
        else:
            await _finish(reply)
        raise fault

    async def _convert(self, target: Target, theirs: Format, began: float) -> tuple[Conversion, Outgoing, float]:
        """The last is when the attempt began: after what had to be fetched for it."""
        terms = self._terms
        if self._conversing is None:
            self._conversing = Conversing(self._exchange, terms.format, terms.services, terms.on_loss, terms.fetches)
        if terms.fetches is not None:
            await self._conversing.fetch(theirs, self._due)
            began = terms.services.now()
        return *self._conversing.begin(target, theirs), began

    def _read(self, target: Target, status: int, headers: Headers, body: bytes, conversion: Conversion | None) -> Whole:
        """F-10, F-11: what came with a good status must be a reply of its format."""
        if headers.get(b"content-encoding") == b"gzip":
            body = gunzipped(body, self._terms.limit)
        if status >= 400:
            if not is_error_document(headers, body):
                raise Fault("upstream_refused", status=status)
            if conversion is not None:
                raise refusal_in(body, status, conversion.theirs)
            if self._terms.own_errors:
                raise refusal_in(body, status, self._terms.format)
            return Whole(status, headers, without_key(body, target.credential))
        if not is_json(headers):
            raise Fault("upstream_bad_body", inside=f"status {status}, {_told(headers)}")
        if conversion is not None:
            return convert_whole(status, headers, body, conversion)
        heard = self._terms.format.read_reply(body)
        if heard.fault is not None:
            if self._terms.pass_errors and heard.fault.code != "upstream_bad_body":
                self._word = OwnWord(heard.fault, target, headers, body, heard.fault.status)
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
