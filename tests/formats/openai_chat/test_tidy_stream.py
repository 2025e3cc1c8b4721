from __future__ import annotations

from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.faults import Fault
from engine.formats.openai_chat import tidy_stream
from engine.formats.openai_chat.tidy_stream import TidyStream
from tests.formats.openai_chat.test_tidy import wishes

DONE = b"data: [DONE]\n\n"


def event(document: Any) -> bytes:
    return b"data: " + orjson.dumps(document) + b"\n\n"


def chunk(delta: dict[str, Any], **more: Any) -> bytes:
    return event({"id": "v", "choices": [{"index": 0, "delta": delta}], **more})


BODY = b"".join(
    (chunk({"role": "assistant"}), b": ping\n\n", chunk({"content": "[DONE] \u2603"}), b"event: x\ndata: nonsense\n\n", DONE)
)


def told(*pieces: bytes, **more: Any) -> bytes:
    stream = TidyStream(wishes(**more))
    return b"".join(stream.feed(piece) for piece in pieces) + stream.finish()


def documents(body: bytes) -> list[dict[str, Any]]:
    return [orjson.loads(line[6:]) for line in body.split(b"\n\n") if line.startswith(b"data: {")]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, len(BODY)), max_size=8))
def test_however_it_is_cut_the_stream_is_the_same(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(BODY)]
    assert told(*(BODY[a:b] for a, b in pairwise(edges))) == told(BODY)


def test_each_event_goes_on_with_its_end() -> None:
    stream = TidyStream(wishes())
    assert stream.feed(chunk({})[:-1]) == b""
    assert documents(stream.feed(b"\n")) != []


def test_constants_and_first_usage() -> None:
    first, second = documents(told(BODY, model="shown"))
    for key in ("id", "created", "system_fingerprint", "service_tier", "model"):
        assert first[key] == second[key]
    assert (first["model"], first["created"]) == ("shown", 1_700_000_000)
    assert first["usage"]["total_tokens"] == 0
    assert "usage" not in second
    assert second["choices"][0]["delta"] == {"content": "[DONE] \u2603", "annotations": [], "refusal": None}


def test_what_is_not_understood_stays_and_the_end_is_said_once() -> None:
    body = told(BODY + DONE)
    assert b": ping\n\n" in body
    assert b"event: x\ndata: nonsense\n\n" in body
    assert body.count(DONE) == 1
    assert body.endswith(DONE)
    assert told(chunk({})).endswith(DONE)


def test_only_the_model_when_nothing_is_to_be_filled() -> None:
    assert documents(told(chunk({}), model="shown", fill=False)) == [
        {"id": "v", "choices": [{"index": 0, "delta": {}}], "model": "shown"}
    ]
    assert DONE not in told(chunk({}), fill=False)


def test_odd_streams() -> None:
    assert len(documents(told(chunk({})[:-1] + chunk({})))) == 2, "no blank line between events"
    assert len(documents(told(b'data: {"choices":\ndata: []}\n\n'))) == 1, "one document on two lines"
    assert len(documents(told(chunk({}).replace(b"\n", b"\r\n")))) == 1
    assert len(documents(told(b"data:" + chunk({})[6:]))) == 1, "no space"
    assert documents(told(chunk({})[:-2])) != [], "the last line without its end"
    assert told(DONE[:-1]) == DONE
    message = documents(told(event({"choices": [{"message": {"role": "assistant"}}, 1]})))[0]
    assert message["choices"][0]["message"]["annotations"] == []
    assert documents(told(event({"error": {"code": "x"}})))[0]["error"]["type"] == "x_error"


def test_calls_are_told_apart_by_choice() -> None:
    def call(choice: int) -> bytes:
        entry = {"index": 0, "function": {"name": "f", "arguments": "{}"}}
        return event({"choices": [{"index": choice, "delta": {"tool_calls": [entry]}}]})

    ids = [one["choices"][0]["delta"]["tool_calls"][0]["id"] for one in documents(told(call(0), call(1)))]
    assert len(set(ids)) == 2


def test_an_event_that_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tidy_stream, "LONGEST", 100)
    with pytest.raises(Fault, match="upstream_too_large"):
        told(*[b"data: " + b"x" * 60] * 2)
