from __future__ import annotations

import json

import pytest

from engine.faults import TABLE, Fault
from engine.formats.styles.families import STYLE
from engine.formats.styles.style import Style

TYPES = {"unknown_model", "auth", "rate_limit", "timeout", "invalid_request", "server_error", "network"}


def test_message_type_and_request_id() -> None:
    """A31"""
    told = json.loads(STYLE.write(Fault("unknown_model", "`gpt-9`"), "req-1732704645-a3f2e1"))
    assert told == {
        "error": {
            "message": "the model is not known here: `gpt-9`",
            "type": "unknown_model",
            "request_id": "req-1732704645-a3f2e1",
        }
    }
    assert STYLE.media_type == b"application/json"


@pytest.mark.parametrize("code", TABLE)
def test_every_fault_has_one_of_the_seven_types(code: str) -> None:
    """A31, A32"""
    assert json.loads(STYLE.write(Fault(code), "id"))["error"]["type"] in TYPES


def test_hostile_words_are_still_json() -> None:
    told = json.loads(STYLE.write(Fault("invalid_body", 'a "quote" and \ud800 a surrogate'), 'a"b'))
    assert told["error"]["request_id"] == 'a"b'


def test_within_a_stream_the_format_says_it() -> None:
    style: Style = STYLE
    assert style.event(Fault("upstream_truncated"), "id") is None
