from __future__ import annotations

import pytest

from engine.stages.verdict import is_error_document, is_event_stream, is_json, judge_head
from engine.web import Headers

WALL = 1_700_000_000.0
NOTHING = Headers()

TABLE = {
    **dict.fromkeys([200, 201, 202, 204, 299], None),
    # The provider's own word on the request: passed on.
    **dict.fromkeys([400, 402, 404, 405, 406, 408, 409, 413, 415, 422, 424, 451, 499], None),
    **dict.fromkeys([300, 301, 302, 303, 304, 307, 308, 399], "upstream_redirect"),  # F-16
    **dict.fromkeys([401, 403, 407], "upstream_auth"),  # F-15
    429: "upstream_rate_limit",  # F-13
    **dict.fromkeys([503, 529], "upstream_overloaded"),  # F-14
    **dict.fromkeys([500, 501, 502, 504, 520, 524, 599, 999], "upstream_error"),  # F-14
    **dict.fromkeys([100, 101, 199], "upstream_protocol"),
}


@pytest.mark.parametrize(("status", "code"), TABLE.items())
def test_every_status_has_its_verdict(status: int, code: str | None) -> None:
    """F-13 to F-16"""
    fault = judge_head(status, NOTHING, WALL)
    assert (fault and fault.code) == code


@pytest.mark.parametrize("status", [429, 500, 503, 529])
@pytest.mark.parametrize(("given", "seconds"), [("7", 7.0), ("-1", 0.0), ("99999", 3600.0), ("soon", None)])
def test_the_providers_hint_is_kept_sanitised(status: int, given: str, seconds: float | None) -> None:
    """F-13"""
    fault = judge_head(status, Headers([(b"retry-after", given.encode())]), WALL)
    assert fault is not None
    assert fault.retry_after == seconds


def test_no_hint_is_taken_from_a_refusal() -> None:
    fault = judge_head(401, Headers([(b"retry-after", b"1")]), WALL)
    assert fault is not None
    assert fault.retry_after is None


@pytest.mark.parametrize(
    ("given", "event_stream", "json"),
    [
        (None, False, True),
        (b"application/json", False, True),
        (b"Application/JSON ; charset=utf-8", False, True),
        (b"application/problem+json", False, True),
        (b"text/plain", False, True),
        (b"text/event-stream", True, False),
        (b"TEXT/Event-Stream;charset=utf-8", True, False),
        (b"text/html", False, False),
        (b"application/octet-stream", False, False),
    ],
)
def test_what_a_body_calls_itself(given: bytes | None, event_stream: bool, json: bool) -> None:
    headers = NOTHING if given is None else Headers([(b"content-type", given)])
    assert is_event_stream(headers) is event_stream
    assert is_json(headers) is json


@pytest.mark.parametrize(
    ("given", "body", "is_one"),
    [
        (b"application/json", b'{"error":{"message":"no"}}', True),
        (b"application/json", b'[{"error":{}}]', True),  # Gemini's compatible host
        (b"application/json", b"", False),
        (b"application/json", b"{", False),
        (b"application/json", b'"no"', False),
        (b"text/html", b"<html>", False),
        (b"text/html", b"{}", False),
    ],
)
def test_a_refusal_in_json_is_the_providers_own_word(given: bytes, body: bytes, is_one: bool) -> None:
    assert is_error_document(Headers([(b"content-type", given)]), body) is is_one
