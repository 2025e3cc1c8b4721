from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
import pytest

from engine.exchange import Exchange
from engine.faults import Fault
from engine.parts import Deed, Stage
from engine.ports import Binding
from engine.program import Program, Route, StageUse
from engine.runtime.interpreter import Interpreter
from engine.settings import Errors, Limits, Server
from engine.web import Headers, Request, Response, Streamed
from tests.tools.services import services


@dataclass
class Doing(Stage):
    """A stage that does what the test says."""

    deed: Callable[[Exchange], Any]

    def bind(self, binding: Binding) -> Deed:
        return self.deed


@dataclass
class DoingAfter(Doing):
    after = True


@dataclass
class Watching(Doing):
    watches = True


@dataclass
class Hearing:
    """A ports.Client that remembers."""

    sent: list[Response] = field(default_factory=list)
    breaks_with: Fault | BaseException | None = None

    def send(self, response: Response) -> None:
        self.sent.append(response)

    async def stream(self, response: Response, wrote: Callable[[int], None]) -> Fault | None:
        self.sent.append(response)
        wrote(3)
        wrote(4)
        if isinstance(self.breaks_with, Fault):
            return self.breaks_with
        if self.breaks_with is not None:
            raise self.breaks_with
        return None


def program(*stages: Stage, speaks: str = "openai_chat") -> Program:
    uses = tuple(StageUse(f"stage{i}", stage) for i, stage in enumerate(stages))
    route = Route("POST /a", ("POST",), "/a", speaks, True, uses)
    return Program("d", Server(), {}, {}, (), None, (route,))


def run(stages: list[Stage], request: Request | None = None, client: Hearing | None = None):  # type: ignore[no-untyped-def]
    made, meter, _ = services()
    mistakes: list[BaseException] = []
    interpreter = Interpreter(program(*stages), made, mistakes.append)
    hearing = client or Hearing()
    asyncio.run(interpreter.handle(request or Request("POST", "/a", "", Headers()), hearing))
    return hearing, meter, mistakes


def answering(status: int = 200, body: bytes = b"ok") -> Doing:
    def deed(exchange: Exchange) -> None:
        exchange.answer = Response(status, [], body)

    return Doing(deed)


def failing(error: BaseException) -> Doing:
    def deed(exchange: Exchange) -> None:
        raise error

    return Doing(deed)


def test_stages_run_in_order_until_one_answers() -> None:
    ran: list[str] = []

    async def waits(exchange: Exchange) -> None:
        await asyncio.sleep(0)
        ran.append("waits")

    hearing, meter, _ = run(
        [Doing(lambda x: ran.append("plain")), Doing(waits), answering(), Doing(lambda x: ran.append("late"))]
    )
    assert ran == ["plain", "waits"]
    assert [r.status for r in hearing.sent] == [200]
    assert meter.active == 0
    (exchange,) = meter.done
    assert exchange.status == 200
    assert exchange.bytes_out == 2
    assert exchange.began < exchange.first_byte < exchange.ended


def test_a_fault_is_written_in_the_clients_format_with_the_request_id() -> None:
    hearing, meter, mistakes = run([failing(Fault("unknown_model", "`x`"))])
    (answer,) = hearing.sent
    assert answer.status == 400
    assert "`x`" in orjson.loads(answer.body)["error"]["message"]
    assert dict(answer.headers)[b"x-request-id"].decode() == meter.done[0].id
    assert meter.done[0].fault.code == "unknown_model"
    assert mistakes == []


def test_an_exception_is_our_mistake_and_tells_the_client_nothing() -> None:
    hearing, _, mistakes = run([failing(RuntimeError("canary"))])
    assert hearing.sent[0].status == 500
    assert b"canary" not in hearing.sent[0].body
    assert [str(m) for m in mistakes] == ["canary"]


def test_a_pipeline_that_answers_nothing_is_a_500() -> None:
    hearing, _, _ = run([Doing(lambda x: None)])
    assert hearing.sent[0].status == 500


@pytest.mark.parametrize("first", [answering(), failing(Fault("wrong_key")), failing(RuntimeError())])
def test_after_stages_always_run_and_one_that_fails_costs_no_other(first: Stage) -> None:
    ran: list[int] = []

    def broken(exchange: Exchange) -> None:
        raise ValueError("broken")

    _, meter, mistakes = run([DoingAfter(broken), first, DoingAfter(lambda x: ran.append(x.status))])
    assert ran == [meter.done[0].status]
    assert any(isinstance(m, ValueError) for m in mistakes)


class DoingSending(Doing):
    sending = True


@pytest.mark.parametrize("first", [answering(), failing(Fault("wrong_key"))])
def test_stages_for_answers_see_what_is_sent_and_cost_nothing_when_they_fail(first: Stage) -> None:
    def dress(exchange: Exchange) -> None:
        exchange.answer.headers.append((b"x-seen", b"%d" % exchange.answer.status))  # type: ignore[union-attr]

    def broken(exchange: Exchange) -> None:
        raise ValueError("broken")

    hearing, _, mistakes = run([DoingSending(broken), DoingSending(dress), first])
    assert dict(hearing.sent[0].headers)[b"x-seen"] == b"%d" % hearing.sent[0].status
    assert [str(mistake) for mistake in mistakes] == ["broken"]


def test_the_table_may_say_how_errors_and_ids_look() -> None:
    server = Server(errors=Errors(style="plain", say={"wrong_key": "no"}), request_id="hex")
    made, _, _ = services()
    interpreter = Interpreter(replace(program(failing(Fault("wrong_key"))), server=server), made, lambda mistake: None)
    hearing = Hearing()
    for path in ("/a", "/nowhere"):
        asyncio.run(interpreter.handle(Request("POST", path, "", Headers()), hearing))
    assert [answer.body for answer in hearing.sent] == [b"no", b"no route matches this path"]
    assert interpreter.refuse(Fault("head_too_large"), "").headers[0][1].startswith(b"text/plain")
    ids = [dict(answer.headers)[b"x-request-id"].decode() for answer in hearing.sent]
    assert all(re.fullmatch("[0-9a-f]{16}", one) for one in ids)
    assert len(set(ids)) == 2


def test_headers_that_stages_add_go_on_answers_and_on_faults() -> None:
    def adds(exchange: Exchange) -> None:
        exchange.extra.append((b"vary", b"origin"))

    for last in (answering(), failing(Fault("wrong_key"))):
        hearing, _, _ = run([Doing(adds), last])
        assert (b"vary", b"origin") in hearing.sent[0].headers


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (b"abc-1", True),
        (b"a" * 128, True),
        (b"a" * 129, False),
        (b'a"b', False),
        (b"", False),
        (b"a b", False),
        (b"\xff", False),
    ],
)
def test_a_sane_request_id_is_kept(given: bytes, kept: bool) -> None:
    hearing, _, _ = run([answering()], Request("POST", "/a", "", Headers([(b"x-request-id", given)])))
    sent = dict(hearing.sent[0].headers)[b"x-request-id"]
    assert (sent == given) is kept
    assert kept or sent.startswith(b"req-")


def test_beyond_the_limit_of_requests_nothing_is_done_f41() -> None:
    """503 with Retry-After in the route's format, counted; routes that tell how the gateway is are served."""
    made, meter, _ = services()
    small = replace(program(answering()), server=Server(limits=Limits(requests=2)))
    hearing = Hearing()
    request = Request("POST", "/a", "", Headers([(b"x-request-id", b"mine")]))
    for active in (1, 2):
        meter.active = active
        asyncio.run(Interpreter(small, made, lambda mistake: None).handle(request, hearing))
        assert meter.active == active
    served, turned_away = hearing.sent
    assert (served.status, turned_away.status) == (200, 503)
    headers = dict(turned_away.headers)
    assert (headers[b"retry-after"], headers[b"x-request-id"]) == (b"1", b"mine")
    assert orjson.loads(turned_away.body)["error"]["code"] == "overloaded"
    assert meter.counts == {"refused.overloaded": 1}
    assert len(meter.done) == 1

    watching = replace(small, routes=(replace(small.routes[0], stages=(StageUse("w", Watching(answering().deed)),)),))
    asyncio.run(Interpreter(watching, made, lambda mistake: None).handle(request, hearing))
    assert hearing.sent[-1].status == 200


def test_made_ids_differ() -> None:
    made, meter, _ = services()
    interpreter = Interpreter(program(answering()), made, lambda mistake: None)
    for _ in range(100):
        asyncio.run(interpreter.handle(Request("POST", "/a", "", Headers()), Hearing()))
    assert len({exchange.id for exchange in meter.done}) == 100


def streaming() -> Doing:
    def deed(exchange: Exchange) -> None:
        exchange.answer = Response(200, [], stream=Streamed(None, None))  # type: ignore[arg-type]

    return Doing(deed)


def test_a_streams_bytes_are_counted_and_its_fault_kept() -> None:
    _, meter, _ = run([streaming()])
    assert meter.done[0].bytes_out == 7
    assert meter.done[0].fault is None
    _, meter, _ = run([streaming()], client=Hearing(breaks_with=Fault("upstream_stalled")))
    assert meter.done[0].fault.code == "upstream_stalled"
    assert meter.done[0].status == 200


class Dropped:
    closed = 0

    def close(self) -> None:
        self.closed += 1


def test_a_client_who_leaves_is_ordinary_and_drops_the_upstream() -> None:
    """F-30: the exchange is cancelled, the reply closed, and what runs afterwards still runs."""
    reply, logged = Dropped(), []

    def call(exchange: Exchange) -> None:
        exchange.reply = reply  # type: ignore[assignment]

    stages = [Doing(call), streaming(), DoingAfter(lambda x: logged.append((x.status, x.fault.code)))]
    made, meter, _ = services()
    interpreter = Interpreter(program(*stages), made, lambda mistake: None)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(interpreter.handle(Request("POST", "/a", "", Headers()), Hearing(breaks_with=asyncio.CancelledError())))
    assert reply.closed == 1
    assert logged == [(200, "client_gone")]
    assert meter.active == 0


def test_unknown_paths_and_methods_speak_the_nearest_routes_format() -> None:
    hearing, meter, _ = run([answering()], Request("POST", "/a/b", "", Headers()))
    assert hearing.sent[0].status == 404
    assert "error" in orjson.loads(hearing.sent[0].body)
    assert meter.done[0].route.name == "(none)"
    hearing, _, _ = run([answering()], Request("GET", "/a", "", Headers()))
    assert hearing.sent[0].status == 405
    assert (b"allow", b"POST") in hearing.sent[0].headers


def test_what_never_became_a_request_is_refused_with_an_id() -> None:
    made, meter, _ = services()
    answer = Interpreter(program(answering()), made, lambda mistake: None).refuse(Fault("head_too_large"), "/a")
    assert answer.status == 431
    assert orjson.loads(answer.body)["error"]["message"]
    assert meter.counts["refused.head_too_large"] == 1
