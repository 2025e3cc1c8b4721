from __future__ import annotations

import pytest

from engine.answer import Began, Closed, Counted, Delta, Ended, Grew, Opened, Pinged
from engine.chat import Call, Citation, Media, Seal, Text, Thinking, Usage
from engine.faults import Fault
from engine.formats import FORMATS
from engine.formats.anthropic_messages.grammar import violations
from tests.tools.wired import streamed, telling, told, written

NAME = "anthropic_messages"
HEAD: list[Delta] = [Began("msg_1", "t")]
TAIL: list[Delta] = [Counted(Usage(7, 3)), Ended("calls")]


def check(*deltas: Delta) -> list[tuple[object, ...]]:
    body = written(NAME, [*HEAD, *deltas, *TAIL])
    assert violations(body) == []
    return [block for block in told(streamed(NAME, body)) if block[0] not in ("end", "usage")]


def test_a_stream_holds_the_grammar_and_says_what_was_said() -> None:
    out = check(
        Opened(0, Thinking("")), Grew(0, "hm"), Grew(0, seal=Seal(NAME, "S")), Closed(0),
        Pinged(), Opened(1, Text("")), Grew(1, "hi "), Grew(1, "☀"), Closed(1),
        Opened(2, Call("a", "f")), Grew(2, '{"x":'), Grew(2, "1}"), Closed(2),
    )  # fmt: skip
    assert out == [("Thinking", "hm"), ("Text", "hi ☀"), ("Call", "a", "f", '{"x":1}')]


def test_blocks_that_grow_in_turns_wait_for_each_other() -> None:
    out = check(
        Opened(0, Call("a", "f")), Opened(1, Call("b", "g")), Grew(1, "{"), Grew(0, "{}"), Grew(1, "}"), Closed(1),
        Opened(2, Text("x")), Closed(0), Closed(2),
    )  # fmt: skip
    assert out == [("Call", "a", "f", "{}"), ("Call", "b", "g", "{}"), ("Text", "x")]


def test_a_text_that_says_nothing_is_not_seen() -> None:
    assert check(Opened(0, Text("")), Closed(0), Opened(1, Text("")), Grew(1, "x"), Closed(1)) == [("Text", "x")]


@pytest.mark.parametrize(
    "piece", [Call("a", "f", "{}", seal=Seal("gemini_generate", "ABC")), Text("x", seal=Seal("gemini_generate", "ABC"))]
)
def test_a_seal_of_a_call_or_a_text_stands_in_a_thought_beside_it(piece: Call | Text) -> None:
    body = written(NAME, [*HEAD, Opened(0, piece), Closed(0), *TAIL])
    assert violations(body) == []
    assert body.count(b"gw1.gemini_generate.QUJD") == 1


def test_other_answers_media_and_citations_are_noted() -> None:
    asked = telling(NAME)
    writer = FORMATS[NAME].stream_writer(asked)
    deltas: list[Delta] = [
        *HEAD, Opened(0, Text("a")), Grew(0, citation=Citation("u", "t")), Closed(0), Opened(1, Text("b"), 1), Closed(1),
        Opened(2, Media("image", "image/png", "aGk=")), Closed(2), *TAIL,
    ]  # fmt: skip
    body = b"".join(map(writer.write, deltas)) + writer.finish()
    assert violations(body) == []
    assert set(asked.losses.noted) == {"citations", "reply_answers", "reply_media"}


def test_the_last_count_is_told_and_the_reason() -> None:
    body = written(
        NAME, [Began(usage=Usage(1, 0)), Counted(Usage(7, 3, cached=2)), Ended("stop_sequence", stop_sequence="END")]
    )
    assert b'"stop_reason":"stop_sequence","stop_sequence":"END"' in body
    assert b'"usage":{"input_tokens":5,"output_tokens":3' in body


def test_a_stream_that_broke_has_no_good_end() -> None:
    writer = FORMATS[NAME].stream_writer(telling(NAME))
    writer.write(Began())
    last = writer.fail(Fault("upstream_stalled"), "req-1")
    assert last.startswith(b"event: error\n")
    assert b"message_stop" not in last
