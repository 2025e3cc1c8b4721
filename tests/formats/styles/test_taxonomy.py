from __future__ import annotations

import orjson
import pytest

from engine.faults import Fault
from engine.formats.styles.taxonomy import STYLE, type_of


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "validation_error"),
        (401, "authentication_error"),
        (403, "authorization_error"),
        (404, "not_found_error"),
        (500, "internal_error"),
        (418, "internal_error"),
        (502, "external_error"),
        (503, "external_error"),
        (504, "external_error"),
    ],
)
def test_the_type_follows_from_the_status(status: int, kind: str) -> None:
    assert type_of(status) == kind


def test_an_error_and_the_same_as_an_event() -> None:
    fault = Fault("wrong_key")
    body = STYLE.write(fault, "req-1")
    assert orjson.loads(body) == {"error": {"type": "authentication_error", "message": "the API key is not valid"}}
    assert STYLE.event(fault, "req-1") == b"data: %b\n\n" % body
