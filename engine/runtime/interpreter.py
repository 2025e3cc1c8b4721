"""Hot: the whole life of a request on one screen. Guarded by bench/micro/interpreter.py.

A pipeline is a straight line: stages run in order until one answers; no onion, no `next()`. A stage that need not wait is
a plain call. Faults raised anywhere are written here, once, in the format that the client speaks.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from engine.exchange import Exchange
from engine.faults import Fault
from engine.formats.error_writer import errors_of
from engine.routes.match import Matcher
from engine.runtime.lines import PLAIN, Line, lay, lay_nowhere
from engine.runtime.request_ids import request_ids

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from engine.ports import Client, Services
    from engine.program import Program
    from engine.web import Request, Response

# A client's own request id is kept when it is harmless in a header, a log line and an error body.
_sane_id = re.compile(rb"[A-Za-z0-9._:+/=@~-]{1,128}").fullmatch


class Interpreter:
    """Carries requests through one program. A reload makes a new one; requests in flight end on the one they began with.

    `report` is told of exceptions that are not faults: they are our own mistakes, and the client only learns "internal".
    """

    def __init__(self, program: Program, services: Services, report: Callable[[BaseException], None]) -> None:
        self.program = program
        self.services = services
        self._report = report
        self._matcher = Matcher(program.routes)
        self._lines = lay(program, services)
        # A request that no route takes is logged like the requests of the route nearest to it, or of the first that logs.
        self._logged = next((line.after for line in self._lines.values() if line.after), ())
        self._errors = errors_of(program, None, PLAIN)
        self._new_id = request_ids(getattr(program.server, "request_id", "req"), services.wall)
        self._most = program.server.limits.requests

    async def handle(self, request: Request, client: Client) -> None:
        """Answers one request, whatever happens, and lets its `after` stages run."""
        services = self.services
        line, captures, lost = self._find(request)
        if services.meter.active >= self._most and not line.watches:
            client.send(self._turn_away(line, request))
            return
        exchange = Exchange(request, line.route, captures, self._id_of(request.headers.get(b"x-request-id")), services.now())
        services.meter.began(exchange)
        try:
            try:
                answer = None
                for deed in line.deeds:
                    if (waiting := deed(exchange)) is not None:
                        await waiting
                    if (answer := exchange.answer) is not None:
                        break
                else:
                    raise lost or Fault("internal")  # the compiler refuses pipelines that cannot answer
            except Exception as mistake:
                answer = self._write_fault(line, exchange, mistake)
            waiting = self._send(line, answer, exchange, client)
            if waiting is not None:
                await waiting
        except asyncio.CancelledError as leaving:
            code = "shutting_down" if "shutting_down" in leaving.args else "client_gone"
            exchange.fault = Fault(code)
            exchange.status = exchange.status or exchange.fault.status
            raise
        finally:
            exchange.ended = services.now()
            if exchange.fault is not None:
                _drop_reply(exchange)
            for deed in line.after:
                try:
                    if (waiting := deed(exchange)) is not None:
                        await waiting
                except Exception as mistake:  # one record that fails must not cost the others
                    self._report(mistake)
            services.meter.finished(exchange)

    def refuse(self, fault: Fault, path: str) -> Response:
        """The answer to what never became a request (reliability.md, I1)."""
        self.services.meter.count(f"refused.{fault.code}")
        line, request_id = lay_nowhere(self._nearest(path), self._logged, self._errors), self._id_of(None)
        answer = line.errors.response(fault, request_id)
        answer.headers.append((b"x-request-id", request_id.encode()))
        return answer

    def _dress(self, line: Line, exchange: Exchange, answer: Response) -> None:
        """What the route does to every answer. A stage that fails must not cost the answer."""
        exchange.answer = answer
        for deed in line.sending:
            try:
                deed(exchange)
            except Exception as mistake:
                self._report(mistake)

    def _turn_away(self, line: Line, request: Request) -> Response:
        """The answer to a request beyond the limit, before anything is done for it (F-41)."""
        self.services.meter.count("refused.overloaded")
        request_id = self._id_of(request.headers.get(b"x-request-id"))
        answer = line.errors.response(Fault("overloaded", retry_after=1), request_id)
        answer.headers.append((b"x-request-id", request_id.encode()))
        return answer

    def _send(self, line: Line, answer: Response, exchange: Exchange, client: Client) -> Awaitable[None] | None:
        if line.sending:
            self._dress(line, exchange, answer)
        exchange.status = answer.status
        headers = answer.headers
        headers.append((b"x-request-id", exchange.id.encode()))
        if exchange.extra:
            headers.extend(exchange.extra)
        if answer.stream is not None:
            return self._stream(answer, exchange, client)
        exchange.bytes_out = len(answer.body)
        exchange.first_byte = self.services.now()
        client.send(answer)
        return None

    async def _stream(self, answer: Response, exchange: Exchange, client: Client) -> None:
        now = self.services.now

        def wrote(size: int) -> None:
            if not exchange.bytes_out:
                exchange.first_byte = now()
            exchange.bytes_out += size

        exchange.fault = await client.stream(answer, wrote)

    def _find(self, request: Request) -> tuple[Line, Mapping[str, str], Fault | None]:
        try:
            route, captures = self._matcher.match(request.method, request.path)
        except Fault as fault:
            return lay_nowhere(self._nearest(request.path), self._logged, self._errors), {}, fault
        return self._lines[route.name], captures, None

    def _nearest(self, path: str) -> Line | None:
        route = self._matcher.nearest(path)
        return None if route is None else self._lines[route.name]

    def _write_fault(self, line: Line, exchange: Exchange, mistake: Exception) -> Response:
        if not isinstance(mistake, Fault):
            self._report(mistake)
            mistake = Fault("internal")
        exchange.fault = mistake
        return line.errors.response(mistake, exchange.id)

    def _id_of(self, given: bytes | None) -> str:
        if given is None or not _sane_id(given):
            return self._new_id()
        return given.decode()


def _drop_reply(exchange: Exchange) -> None:
    # Unset until `call` has run; closing a finished reply does nothing.
    reply = getattr(exchange, "reply", None)
    if reply is not None:
        reply.close()
