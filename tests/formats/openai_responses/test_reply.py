from __future__ import annotations

from engine.formats.openai_responses import FORMAT


def test_a_failed_response_is_a_response() -> None:
    """It has an id and tells of its failure itself: the client's SDK reads it."""
    heard = FORMAT.read_reply(b'{"id":"r","status":"failed","output":[],"model":"m","error":{"code":"server_error"}}')
    assert heard.fault is None
    assert heard.served == "m"


def test_a_bare_error_is_none() -> None:
    heard = FORMAT.read_reply(b'{"error":{"code":"rate_limit_exceeded"}}')
    assert heard.fault is not None
    assert heard.fault.code == "upstream_rate_limit"
