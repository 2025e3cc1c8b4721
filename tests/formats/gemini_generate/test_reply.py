from __future__ import annotations

import orjson
import pytest

from engine.chat import Usage
from engine.faults import Fault
from engine.formats.gemini_generate import FORMAT


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        (Fault("invalid_body"), "INVALID_ARGUMENT"),
        (Fault("body_too_large"), "INVALID_ARGUMENT"),
        (Fault("wrong_key"), "UNAUTHENTICATED"),
        (Fault("forbidden"), "PERMISSION_DENIED"),
        (Fault("not_found"), "NOT_FOUND"),
        (Fault("upstream_rate_limit"), "RESOURCE_EXHAUSTED"),
        (Fault("internal"), "INTERNAL"),
        (Fault("upstream_error"), "INTERNAL"),
        (Fault("overloaded"), "UNAVAILABLE"),
        (Fault("upstream_timeout"), "DEADLINE_EXCEEDED"),
    ],
)
def test_the_error_is_googles(fault: Fault, word: str) -> None:
    written = FORMAT.write_fault(fault, "req-1")
    # google-genai tests a stream for this very prefix.
    assert written.startswith(b'{"error":{')
    error = orjson.loads(written)["error"]
    assert (error["code"], error["status"]) == (fault.status, word)
    assert error["details"][0]["reason"] == fault.code.upper()


def test_details_say_which_field_and_when() -> None:
    fault = Fault("invalid_body", "x", param="contents", retry_after=1.2)
    details = {d["@type"].rpartition(".")[2]: d for d in orjson.loads(FORMAT.write_fault(fault, "req-1"))["error"]["details"]}
    assert details["BadRequest"]["fieldViolations"][0]["field"] == "contents"
    assert details["RetryInfo"]["retryDelay"] == "2s"
    assert details["RequestInfo"]["requestId"] == "req-1"


def test_a_streamed_array_is_a_reply() -> None:
    """streamGenerateContent without `alt=sse`."""
    body = orjson.dumps(
        [
            {"candidates": [{}], "modelVersion": "m", "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 1}},
            {"candidates": [{"finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": None, "candidatesTokenCount": 4}},
        ]
    )
    heard = FORMAT.read_reply(body)
    assert (heard.usage, heard.served, heard.fault) == (Usage(5, 4), "m", None)


def test_a_blocked_prompt_is_an_answer() -> None:
    assert FORMAT.read_reply(b'{"promptFeedback":{"blockReason":"SAFETY"}}').fault is None


def test_the_list_is_googles() -> None:
    (row,) = orjson.loads(FORMAT.write_models([{"id": "a", "created": 0, "owned_by": "p", "description": "d"}]))["models"]
    assert row["name"] == "models/a"
    assert "streamGenerateContent" in row["supportedGenerationMethods"]
