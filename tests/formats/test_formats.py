"""What every format owes: the contract of engine/formats/format.py, one test for all."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from engine.chat import Usage
from engine.faults import TABLE, Fault
from engine.formats import FORMATS

NAMES = sorted(FORMATS)


def test_names_are_keys() -> None:
    assert NAMES == ["anthropic_messages", "gemini_generate", "openai_chat", "openai_responses"]
    assert all(wire.name == name for name, wire in FORMATS.items())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("code", sorted(TABLE))
def test_every_fault_can_be_written(name: str, code: str) -> None:
    fault = Fault(code, 'a "detail"\n', param="p", retry_after=1.5)
    document = orjson.loads(FORMATS[name].write_fault(fault, "req-1"))
    assert 'a "detail"' in document["error"]["message"]
    assert "req-1" in orjson.dumps(document).decode()


@pytest.mark.parametrize("name", NAMES)
def test_a_fault_in_a_stream_is_one_event_and_no_good_end(name: str) -> None:
    """F-06: written once, in the client's format; a tap of that format knows it for what it is."""
    wire = FORMATS[name]
    written = wire.write_stream_fault(Fault("upstream_stalled", "a\n\nb"), "req-1")
    assert written.endswith(b"\n\n")
    assert written.count(b"\n\n") == 1
    tap = wire.tap()
    tap.feed(written)
    assert tap.finished
    assert tap.fault is not None
    assert orjson.loads(written.partition(b"data: ")[2])["error"]["message"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b"[]", b"null", b'{"error":"x"}', b'{"usage":[1],"model":{}}'])
def test_a_reply_that_is_none_is_known(name: str, body: bytes) -> None:
    """F-10: nothing is raised, and the fault says so."""
    heard = FORMATS[name].read_reply(body)
    assert heard.fault is not None
    assert heard.fault.code == ("upstream_error" if b"error" in body else "upstream_bad_body")
    assert (heard.usage, heard.served) == (None, "")


REPLIES: dict[str, dict[str, Any]] = {
    "openai_chat": {
        "model": "m",
        "choices": [],
        "usage": {
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 1},
            "completion_tokens_details": {"reasoning_tokens": 2},
        },
    },
    "openai_responses": {
        "model": "m",
        "output": [],
        "error": None,
        "usage": {
            "input_tokens": 10,
            "output_tokens": 5,
            "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 1},
            "output_tokens_details": {"reasoning_tokens": 2},
        },
    },
    "anthropic_messages": {
        "model": "m",
        "content": [],
        "usage": {
            "input_tokens": 5,
            "cache_read_input_tokens": 4,
            "cache_creation_input_tokens": 1,
            "output_tokens": 5,
            "output_tokens_details": {"thinking_tokens": 2},
        },
    },
    "gemini_generate": {
        "modelVersion": "m",
        "candidates": [],
        "usageMetadata": {
            "promptTokenCount": 9,
            "toolUsePromptTokenCount": 1,
            "cachedContentTokenCount": 4,
            "candidatesTokenCount": 3,
            "thoughtsTokenCount": 2,
        },
    },
}


@pytest.mark.parametrize("name", NAMES)
def test_a_reply_is_heard(name: str) -> None:
    wire, body = FORMATS[name], orjson.dumps(REPLIES[name])
    heard = wire.read_reply(body)
    assert heard.fault is None
    written = 0 if name == "gemini_generate" else 1  # which tells it nowhere
    assert heard.usage == wire.read_usage(body) == Usage(input=10, output=5, cached=4, reasoning=2, written=written)
    assert heard.served == wire.read_served(body) == "m"


@pytest.mark.parametrize("name", NAMES)
def test_null_counts_are_nought(name: str) -> None:
    body = orjson.dumps(REPLIES[name]).replace(b":4", b":null").replace(b":2", b":null")
    usage = FORMATS[name].read_usage(body)
    assert usage is not None
    assert (usage.cached, usage.reasoning) == (0, 0)


@pytest.mark.parametrize("name", NAMES)
def test_no_models_is_a_list_too(name: str) -> None:
    document = orjson.loads(FORMATS[name].write_models([]))
    assert document.get("data", document.get("models")) == []
