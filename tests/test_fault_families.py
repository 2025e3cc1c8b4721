from __future__ import annotations

from typing import get_args

import pytest

from engine.fault_families import FAMILIES, Family, family_of
from engine.faults import TABLE


@pytest.mark.parametrize(
    ("code", "family"),
    [
        ("unknown_model", "unknown_model"),
        ("missing_key", "auth"),
        ("wrong_key", "auth"),
        ("forbidden", "auth"),
        ("upstream_auth", "auth"),
        ("upstream_rate_limit", "rate_limit"),
        ("upstream_timeout", "timeout"),
        ("upstream_first_byte_timeout", "timeout"),
        ("upstream_connect_timeout", "timeout"),
        ("upstream_stalled", "timeout"),
        ("request_timeout", "timeout"),
        ("invalid_json", "invalid_request"),
        ("invalid_body", "invalid_request"),
        ("unsupported", "invalid_request"),
        ("upstream_refused", "invalid_request"),
        ("method_not_allowed", "invalid_request"),
        ("body_too_large", "invalid_request"),
        ("upstream_error", "server_error"),
        ("upstream_overloaded", "server_error"),
        ("upstream_bad_body", "server_error"),
        ("model_unavailable", "server_error"),
        ("internal", "server_error"),
        ("upstream_connect", "network"),
        ("upstream_dns", "network"),
        ("upstream_reset", "network"),
        ("upstream_truncated", "network"),
        ("cancelled", "server_error"),
    ],
)
def test_what_belongs_together(code: str, family: str) -> None:
    """A31, A32"""
    assert family_of(code) == family


def test_every_fault_has_a_family_and_every_family_a_fault() -> None:
    assert set(FAMILIES) == set(TABLE)
    assert set(FAMILIES.values()) == set(get_args(Family))
