from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.chat import Usage
from engine.exchange import Caller, Exchange, Try
from engine.faults import TABLE, Fault, clipped
from engine.stages.log import LONGEST_MODEL, LONGEST_PATH, MOST_MODELS, error_of, level_of, row_of
from engine.stages.log import _printable as printable
from engine.web import Response, Streamed
from tests.tools.step import STAGES, World, flaws, stream, targets

FIELDS = [
    "timestamp", "level", "message", "request_id", "method", "path", "route", "status_code", "duration_ms", "upstream_ms",
    "first_byte_ms", "format", "model", "model_served", "provider", "streaming", "tokens", "bytes_in", "bytes_out",
    "attempts", "error_type", "error_detail", "caller",
]  # fmt: skip
(A,) = targets("a")


def logged(exchange: Exchange, world: World) -> dict[str, Any]:
    world.step("log", exchange)
    (row,) = world.rows
    json.dumps(row)
    return row


def done(world: World, status: int = 200, **more: Any) -> Exchange:
    """A chat that went well."""
    exchange = world.chat("gpt-4o", query="key=secret", body=b"x" * 50, **more)
    exchange.caller = Caller("key-12345678")
    exchange.tries = [Try(A, 100.0, 100.2, "upstream_error", 500), Try(A, 100.25, 100.4, "", 200)]
    exchange.target = A
    exchange.upstream_seconds = 0.35
    exchange.usage = Usage(10, 20, 5, 3)
    exchange.answer = Response(status, [], b"{}")
    exchange.status = status
    exchange.first_byte = 100.45
    exchange.bytes_out = 2
    exchange.ended = 100.5
    return exchange


def test_a_row_tells_everything_about_a_request_and_nothing_in_it() -> None:
    world = World()
    row = logged(done(world), world)
    assert list(row) == FIELDS
    assert row == {
        "timestamp": "2023-11-14T22:13:20.000Z",
        "level": "info",
        "message": "request",
        "request_id": "req-1",
        "method": "POST",
        "path": "/v1/chat/completions",
        "route": "POST /v1/chat/completions",
        "status_code": 200,
        "duration_ms": 500.0,
        "upstream_ms": 350.0,
        "first_byte_ms": 450.0,
        "format": "openai_chat",
        "model": "gpt-4o",
        "model_served": "gpt-4o",
        "provider": "a",
        "streaming": False,
        "tokens": {"input": 10, "output": 20, "cached": 5, "reasoning": 3},
        "bytes_in": 50,
        "bytes_out": 2,
        "attempts": 2,
        "error_type": None,
        "error_detail": None,
        "caller": "key-12345678",
    }
    assert "secret" not in str(row)


def test_it_runs_after_the_last_byte() -> None:
    assert STAGES["log"].after
    assert STAGES["log"].reads == frozenset()


def test_what_never_came_to_be_is_none() -> None:
    """A fault of the router: no chat, no target, no caller."""
    world = World().route(speaks="", name="(none)")
    exchange = world.exchange("GET", "/nowhere", body=None)
    exchange.fault = Fault("not_found")
    exchange.status = 404
    row = logged(exchange, world)
    assert list(row) == FIELDS
    assert [key for key in FIELDS if row[key] is None] == [
        "upstream_ms", "first_byte_ms", "format", "model", "model_served", "provider", "tokens", "error_detail", "caller",
    ]  # fmt: skip
    assert (row["error_type"], row["level"], row["bytes_in"], row["attempts"]) == ("not_found", "warning", 0, 0)
    assert row["duration_ms"] == 0.0


def test_a_failed_call_names_whom_it_tried_last() -> None:
    world = World()
    exchange = done(world, 502)
    exchange.target = None
    exchange.answer = None
    exchange.fault = Fault("upstream_error")
    row = logged(exchange, world)
    assert (row["provider"], row["error_type"], row["level"]) == ("a", "upstream_error", "error")


def test_a_passed_on_refusal_has_its_error_type() -> None:
    world = World()
    exchange = done(world, 422)
    exchange.tries[-1].code = "upstream_refused"
    row = logged(exchange, world)
    assert (row["error_type"], row["level"]) == ("upstream_refused", "warning")


def test_a_broken_stream_is_an_error_though_its_status_was_200() -> None:
    """F-06"""
    world = World()
    exchange = done(world)
    assert exchange.answer is not None
    exchange.answer.stream = Streamed(stream(), None)  # type: ignore[arg-type]
    exchange.fault = Fault("upstream_stalled")
    row = logged(exchange, world)
    assert (row["status_code"], row["streaming"], row["level"], row["error_type"]) == (200, True, "error", "upstream_stalled")


def test_notes_stand_beside_and_never_over_the_fields() -> None:
    world = World()
    exchange = done(world)
    exchange.notes = {"selected": "a:m", "combinations": 114, "path": "forged", "model_served": "gpt-4o-2024-08-06"}
    row = logged(exchange, world)
    assert (row["selected"], row["combinations"], row["path"]) == ("a:m", 114, "/v1/chat/completions")
    assert row["model_served"] == "gpt-4o-2024-08-06"


def test_what_a_client_wrote_is_cut_and_cleaned() -> None:
    """reliability.md 1.5: the sink is a log line."""
    world = World()
    exchange = done(world, path="/" + "x" * 5000)
    exchange.chat.model = "a\r\n\x1b[31m\u202e" + "m" * 5000
    row = logged(exchange, world)
    assert len(row["path"]) <= LONGEST_PATH + 3
    assert len(row["model"]) <= LONGEST_MODEL + 3
    assert row["model"].startswith("a???[31m?mmm")
    assert row["model_served"] == row["model"]


@pytest.mark.parametrize(
    ("status", "code", "level"),
    [
        (200, None, "info"),
        (204, None, "info"),
        (304, None, "info"),
        (400, "invalid_json", "warning"),
        (429, None, "warning"),
        (499, "client_gone", "warning"),
        (500, "internal", "error"),
        (503, "overloaded", "error"),
        (200, "client_gone", "warning"),  # leaving is ordinary
        (200, "upstream_truncated", "error"),
        (200, "shutting_down", "error"),
    ],
)
def test_levels(status: int, code: str | None, level: str) -> None:
    assert level_of(status, Fault(code) if code else None) == level


def test_durations_are_never_negative() -> None:
    """F-48"""
    world = World()
    exchange = done(world)
    exchange.ended = 99.0
    assert logged(exchange, world)["duration_ms"] == 0.0


def plainly(exchange: Exchange) -> dict[str, Any]:
    """`row_of` written down field by field; the time and what `notes` add are left out."""
    request, target, fault, tries = exchange.request, exchange.target, exchange.fault, exchange.tries
    chat, answer, usage = getattr(exchange, "chat", None), exchange.answer, exchange.usage
    target = target or (tries[-1].target if tries else None)
    served = exchange.notes.get("model_served") or (target and (target.model or exchange.chat.model))
    good = fault is None and exchange.status < 400
    return {
        "level": level_of(exchange.status, fault),
        "message": "request",
        "request_id": exchange.id,
        "method": request.method,
        "path": clipped(request.path, LONGEST_PATH),
        "route": exchange.route.name,
        "status_code": exchange.status,
        "upstream_ms": None if not tries else pytest.approx(exchange.upstream_seconds * 1000, abs=0.001),
        "format": exchange.route.speaks or None,
        "model": clipped(chat.model, LONGEST_MODEL) if chat else None,
        "model_served": clipped(served, LONGEST_MODEL) if served else None,
        "provider": target.provider if target else None,
        "streaming": answer is not None and answer.stream is not None,
        "tokens": None
        if usage is None
        else {"input": usage.input, "output": usage.output, "cached": usage.cached, "reasoning": usage.reasoning},
        "bytes_in": len(request.body or b""),
        "bytes_out": exchange.bytes_out,
        "attempts": len(tries),
        "error_type": None if good else error_of(exchange),
        "error_detail": (fault.inside or None) if fault else None,
        "caller": exchange.caller.name if exchange.caller else None,
    }


SOMETIMES = st.booleans()
WORDS = st.text(min_size=1, max_size=300)


@given(
    data=st.data(),
    status=st.sampled_from([200, 204, 400, 429, 499, 502]),
    code=st.sampled_from([None, *TABLE]),
    model=WORDS,
    served=st.none() | WORDS,
    body=st.none() | st.binary(max_size=5),
)
def test_a_row_is_what_it_is_written_down_field_by_field(  # type: ignore[no-untyped-def]
    data, status: int, code: str | None, model: str, served: str | None, body: bytes | None
) -> None:
    world = World()
    exchange = world.chat("m", body=body) if data.draw(SOMETIMES) else world.exchange(body=body)
    exchange.status = status
    exchange.fault = Fault(code, inside=data.draw(st.sampled_from(["", "why"]))) if code else None
    exchange.caller = Caller("key-1") if data.draw(SOMETIMES) else None
    exchange.answer = Response(status) if data.draw(SOMETIMES) else None
    if hasattr(exchange, "chat"):
        exchange.chat.model = model
        exchange.notes = {} if served is None else {"model_served": served}
        exchange.tries = [Try(A, 100.0, 100.2, code or "", status)] * data.draw(st.integers(0, 3))
        exchange.target = A if data.draw(SOMETIMES) else None
        exchange.usage = Usage(1, 2, 3, 4) if data.draw(SOMETIMES) else None
        exchange.upstream_seconds = 0.2
    row = row_of(exchange, 0.0, 101.0)
    assert list(row) == FIELDS
    assert {key: value for key, value in row.items() if key not in ("timestamp", "duration_ms", "first_byte_ms")} == plainly(
        exchange
    )


def test_rows_share_nothing() -> None:
    """Each is a copy of a blank one."""
    world = World()
    first = logged(done(world), world)
    world.rows.clear()
    assert logged(world.exchange(), world)["caller"] is None
    assert first["caller"] == "key-12345678"


def test_what_is_remembered_of_model_names_is_bounded() -> None:
    for n in range(MOST_MODELS * 3):
        assert printable[f"m-{n}"] == f"m-{n}"
    assert len(printable[f"{'m' * LONGEST_MODEL}m"]) == LONGEST_MODEL + 3
    assert len(printable) <= MOST_MODELS
    assert max(map(len, printable)) <= LONGEST_MODEL


def test_a_message_of_the_tables_own() -> None:
    """G20: made of the row's fields, and left alone where one of them is not known."""
    for message, written in (("{provider} for {model}: {status_code}", "a for gpt-4o: 200"), ("{unknown}", "request")):
        world = World()
        words = {"log": {"message": message}}
        world.step(words, done(world))
        assert world.rows[0]["message"] == written


@pytest.mark.parametrize(
    ("level", "status", "rows"), [("info", 200, 1), ("INFO", 200, 1), ("warn", 200, 0), ("warning", 404, 1), ("error", 404, 0)]
)
def test_rows_below_the_level_are_not_written(level: str, status: int, rows: int) -> None:
    """G42"""
    world = World()
    world.step({"log": {"level": level}}, done(world, status))
    assert len(world.rows) == rows
    assert flaws({"log": {"level": level}}) == []
    assert flaws({"log": {"level": "loud"}}) == ["level"]


def test_the_message_may_tell_how_it_ended_and_the_format_whose_it_is() -> None:
    """A37"""
    words = {"log": {"message": "request {outcome}", "format": "vendor"}}
    world, broken = World(), World()
    world.step(words, done(world))
    exchange = done(broken)
    exchange.fault = Fault("upstream_truncated")  # after its 200
    broken.step(words, exchange)
    told = [(row["message"], row["format"]) for row in (*world.rows, *broken.rows)]
    assert told == [("request completed successfully", "openai"), ("request failed", "openai")]
