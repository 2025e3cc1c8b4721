from __future__ import annotations

from typing import Any

import pytest

from engine.answer import Failed
from engine.faults import Fault
from tests.tools.wired import chunks, streamed, told

CHAT = "openai_chat"
DONE = b"data: [DONE]\n\n"


def chunk(finish: str | None = None, index: int = 0, **delta: Any) -> dict[str, Any]:
    return {"id": "c1", "model": "t", "choices": [{"index": index, "delta": delta, "finish_reason": finish}]}


def call(arguments: str = "", index: Any = 0, **first: Any) -> dict[str, Any]:
    name = {"name": first.pop("name")} if "name" in first else {}
    return {"index": index, **first, "function": {**name, "arguments": arguments}}


USAGE = {"id": "c1", "model": "t", "choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}
LOOP = chunks(
    chunk(role="assistant", content=""),
    chunk(reasoning_content="h"),
    chunk(reasoning_content="m"),
    chunk(content="Let me – "),
    chunk(content="☀"),
    chunk(tool_calls=[call(id="a", name="f", type="function")]),
    chunk(tool_calls=[call('{"x":')]),
    chunk(tool_calls=[call("1}"), call("{}", 1, id="b", name="g", type="function")]),
    chunk("tool_calls"),
    USAGE,
    end=DONE,
)


@pytest.mark.parametrize("cuts", [0, 1, 7, 100])
def test_a_stream_cut_anywhere_says_the_same(cuts: int) -> None:
    assert told(streamed(CHAT, LOOP, cuts)) == [
        ("Thinking", "hm"),
        ("Text", "Let me – ☀"),
        ("Call", "a", "f", '{"x":1}'),
        ("Call", "b", "g", "{}"),
        ("end", "calls"),
        ("usage", 7, 3),
    ]


A = call("1", id="a", name="f")
QUIRKS = {
    "role and a call in the first chunk": ([chunk(role="assistant", tool_calls=[A]), chunk("tool_calls")], ["1"]),
    "new ids under one index": (
        [chunk(tool_calls=[A]), chunk(tool_calls=[call("2", id="b", name="f")]), chunk("stop")],
        ["1", "2"],
    ),
    "no index, the id repeats": (
        [chunk(tool_calls=[call("1", None, id="a", name="f")]), chunk(tool_calls=[call("2", None, id="a")]), chunk("stop")],
        ["12"],
    ),
    "no index, no id later": (
        [chunk(tool_calls=[call("1", None, id="a", name="f")]), chunk(tool_calls=[call("2", None)]), chunk("stop")],
        ["12"],
    ),
    "usage on the last chunk": ([chunk(tool_calls=[A]), {**chunk("stop"), "usage": USAGE["usage"]}], ["1"]),
}


@pytest.mark.parametrize(("documents", "arguments"), QUIRKS.values(), ids=list(QUIRKS))
def test_hosts_do_it_their_own_way(documents: list[dict[str, Any]], arguments: list[str]) -> None:
    out = told(streamed(CHAT, chunks(*documents, end=DONE)))
    assert [block[3] for block in out if block[0] == "Call"] == arguments
    assert ("end", "calls") in out


def test_answers_side_by_side() -> None:
    body = chunks(chunk(content="a"), chunk(index=1, content="b"), chunk("stop"), chunk("length", index=1))
    assert told(streamed(CHAT, body)) == [("Text", "a"), ("Text", "b"), ("end", "length"), ("end", "stop")]


def test_a_refusal_and_a_citation() -> None:
    cited = {"type": "url_citation", "url_citation": {"url": "u", "title": "t"}}
    deltas = streamed(CHAT, chunks(chunk(content="x"), chunk(annotations=[cited]), chunk("stop")))
    assert [delta.citation.url for delta in deltas if getattr(delta, "citation", None)] == ["u"]  # type: ignore[union-attr]
    assert told(streamed(CHAT, chunks(chunk(refusal="no"), chunk("stop"))))[0] == ("Refusal", "no")


@pytest.mark.parametrize("body", [b"", chunks(chunk(content="x")), b": comment\n\n"])
def test_an_end_without_a_reason_is_none(body: bytes) -> None:
    with pytest.raises(Fault) as caught:
        streamed(CHAT, body)
    assert caught.value.code == "upstream_truncated"


@pytest.mark.parametrize(
    ("last", "code"),
    [(b"data: {broken\n\n", "upstream_bad_body"), (chunks({"error": {"code": 429, "message": "x"}}), "upstream_rate_limit")],
)
def test_what_breaks_within_is_the_last(last: bytes, code: str) -> None:
    from engine.formats import FORMATS
    from engine.wire.sse import EventReader

    reader = FORMATS[CHAT].stream_reader()
    body = chunks(chunk(content="x")) + last + chunks(chunk(content="y"))
    deltas = [delta for event in EventReader().feed(body) for delta in reader.feed(event)]
    assert isinstance(deltas[-1], Failed)
    assert deltas[-1].fault.code == code


@pytest.mark.parametrize("odd", [[], 3, {"choices": 3}, {"choices": [3]}, {"choices": [{"delta": {"tool_calls": [3]}}]}])
def test_odd_json_is_passed_over(odd: Any) -> None:
    import orjson

    body = b"data: %b\n\n" % orjson.dumps(odd) + chunks(chunk(content="x"), chunk("stop"))
    assert ("Text", "x") in told(streamed(CHAT, body))
