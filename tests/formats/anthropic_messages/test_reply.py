from __future__ import annotations

import orjson
import pytest

from engine.faults import Fault
from engine.formats.anthropic_messages import FORMAT


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault("wrong_key"), "authentication_error"),
        (Fault("forbidden"), "permission_error"),
        (Fault("not_found"), "not_found_error"),
        (Fault("body_too_large"), "request_too_large"),
        (Fault("upstream_refused", status=402), "billing_error"),
        (Fault("upstream_rate_limit"), "rate_limit_error"),
        (Fault("internal"), "api_error"),
        (Fault("overloaded"), "overloaded_error"),
        (Fault("upstream_stalled"), "timeout_error"),
    ],
)
def test_the_error_is_anthropics(fault: Fault, kind: str) -> None:
    document = orjson.loads(FORMAT.write_fault(fault, "req-1"))
    assert document == {
        "type": "error",
        "error": {"type": kind, "message": fault.message, "code": fault.code},
        "request_id": "req-1",
    }


def test_the_list_is_anthropics() -> None:
    document = orjson.loads(FORMAT.write_models([{"id": "a", "created": 0}, {"id": "b", "created": 0, "description": "B"}]))
    assert document["data"][0] == {"type": "model", "id": "a", "display_name": "a", "created_at": "1970-01-01T00:00:00Z"}
    assert document["data"][1]["display_name"] == "B"
    assert (document["has_more"], document["first_id"], document["last_id"]) == (False, "a", "b")
