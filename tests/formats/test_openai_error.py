from __future__ import annotations

import pytest

from engine.faults import Fault
from engine.formats.openai_error import error_of


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("invalid_body", "invalid_request_error"),
        ("wrong_key", "invalid_request_error"),
        ("forbidden", "permission_error"),
        ("upstream_rate_limit", "rate_limit_error"),
        ("internal", "server_error"),
        ("overloaded", "server_error"),
        ("upstream_timeout", "server_error"),
    ],
)
def test_types_are_openais(code: str, kind: str) -> None:
    assert error_of(Fault(code), "r")["type"] == kind


def test_the_fields() -> None:
    error = error_of(Fault("invalid_body", "`messages` is required", param="messages"), "req-1")
    assert error == {
        "message": "the body is not a valid request: `messages` is required",
        "type": "invalid_request_error",
        "param": "messages",
        "code": "invalid_body",
        "request_id": "req-1",
    }
