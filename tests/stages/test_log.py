from __future__ import annotations

import json
from typing import Any

import pytest

from engine.chat import Usage
from engine.exchange import Caller, Exchange, Try
from engine.faults import Fault
from engine.stages.log import LONGEST_MODEL, LONGEST_PATH, level_of
from engine.web import Response, Streamed
from tests.tools.step import STAGES, World, stream, targets

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
