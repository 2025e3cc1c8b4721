from __future__ import annotations

import orjson

from engine.chat import Usage
from engine.faults import Fault
from engine.formats.gemini_generate import FORMAT


def event(document: object) -> bytes:
    return b"data: %b\r\n\r\n" % orjson.dumps(document)


def test_of_each_count_the_last_that_is_not_null_counts() -> None:
    """formats.md 3.3: thoughts are absent from some chunks."""
    tap = FORMAT.tap()
    tap.feed(event({"usageMetadata": {"promptTokenCount": 5, "thoughtsTokenCount": 3}}))
    tap.feed(event({"usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 2, "thoughtsTokenCount": None}}))
    assert tap.usage == Usage(5, 5, reasoning=3)


def test_content_after_a_reason_is_still_heard() -> None:
    tap = FORMAT.tap()
    tap.feed(event({"candidates": [{"finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": 5}}))
    tap.feed(event({"candidates": [{"finishReason": "STOP"}], "usageMetadata": {"candidatesTokenCount": 9}}))
    assert tap.finished
    assert tap.usage == Usage(5, 9)


def test_a_blocked_prompt_ends_the_stream() -> None:
    tap = FORMAT.tap()
    tap.feed(event({"promptFeedback": {"blockReason": ""}}))
    assert not tap.finished
    tap.feed(event({"promptFeedback": {"blockReason": "SAFETY"}}))
    assert tap.finished


def test_a_fault_begins_as_the_sdk_expects() -> None:
    assert FORMAT.write_stream_fault(Fault("upstream_stalled"), "r").startswith(b'data: {"error":{"code":504,')
