"""F-11: an error inside a good answer is still an error, and says which."""

from __future__ import annotations

import pytest

from engine.formats.failure import fault_of


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"type": "overloaded_error", "message": "Overloaded"}, "upstream_overloaded"),
        ({"code": 503, "status": "UNAVAILABLE"}, "upstream_overloaded"),
        ({"type": "requests", "code": "rate_limit_exceeded"}, "upstream_rate_limit"),
        ({"code": 429, "status": "RESOURCE_EXHAUSTED"}, "upstream_rate_limit"),
        ({"type": "authentication_error"}, "upstream_auth"),
        ({"type": "invalid_request_error", "code": "invalid_api_key"}, "upstream_auth"),
        ({"type": "invalid_request_error", "message": "bad"}, "upstream_refused"),
        ({"code": 400, "status": "INVALID_ARGUMENT"}, "upstream_refused"),
        ({"type": "server_error"}, "upstream_error"),
        ({"type": ["odd"], "code": None}, "upstream_error"),
        ("plain words", "upstream_error"),
        (None, "upstream_error"),
    ],
)
def test_the_kind_of_an_error(error: object, code: str) -> None:
    assert fault_of(error).code == code


def test_only_a_refusal_is_quoted_and_never_at_length() -> None:
    assert fault_of({"type": "invalid_request_error", "message": "m" * 1000}).detail == "m" * 300
    assert fault_of({"type": "authentication_error", "message": "Incorrect API key: sk-abc"}).detail == ""
