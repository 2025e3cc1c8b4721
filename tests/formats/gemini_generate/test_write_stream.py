from __future__ import annotations

import orjson
import pytest

from engine.answer import Began, Closed, Counted, Delta, Ended, Grew, Opened, Pinged
from engine.chat import Call, Citation, Media, Refusal, Seal, Text, Thinking, Usage
from engine.faults import Fault
from engine.formats import FORMATS
from engine.formats.gemini_generate.grammar import violations
from tests.tools.wired import streamed, telling, told, written

NAME = "gemini_generate"


def loop() -> list[Delta]:
    """Anew each time: a writer gathers arguments in the call that it was given."""
    return [
    Began("g1", "t"), Pinged(),
    Opened(0, Thinking("")), Grew(0, "hm"), Grew(0, seal=Seal(NAME, "QQ==")), Closed(0),
    Opened(1, Text("")), Grew(1, "hi "), Grew(1, "☀"), Closed(1),
    Opened(2, Call("a", "f")), Grew(2, '{"x":'), Grew(2, "1}"), Closed(2),
    Opened(3, Media("image", "image/png", "aGk=")), Closed(3), Opened(4, Refusal("no")), Closed(4),
    Counted(Usage(7, 3)), Ended("calls"), Ended("stop", answer=1),
    ]  # fmt: skip


@pytest.mark.parametrize("sse", [True, False])
def test_a_stream_holds_the_grammar(sse: bool) -> None:
    *said, ended, other = loop()
    two = [*said, Opened(5, Text("b"), 1), Closed(5), ended, other]
    assert violations(written(NAME, two, sse=sse), sse) == []


def test_it_says_what_was_said() -> None:
    assert told(streamed(NAME, written(NAME, loop()[:-1]))) == [
        ("Thinking", "hm"),
        ("Text", "hi ☀"),
        ("Call", "a", "f", '{"x":1}'),
        ("Media", ""),
        ("Text", "no"),
        ("end", "calls"),
        ("usage", 7, 3),
    ]


def test_without_alt_sse_it_is_one_array() -> None:
    parsed = orjson.loads(written(NAME, loop(), sse=False))
    assert parsed[-1]["usageMetadata"]["promptTokenCount"] == 7


def test_citations_are_noted() -> None:
    asked = telling(NAME)
    writer = FORMATS[NAME].stream_writer(asked)
    for delta in (Began(), Opened(0, Text("x")), Grew(0, citation=Citation("u"))):
        writer.write(delta)
    assert list(asked.losses.noted) == ["citations"]


@pytest.mark.parametrize("sse", [True, False])
def test_a_stream_that_broke_says_so_at_its_end(sse: bool) -> None:
    writer = FORMATS[NAME].stream_writer(telling(NAME, sse=sse))
    first = writer.write(Began()) + writer.write(Opened(0, Text("x")))
    last = writer.fail(Fault("upstream_stalled"), "req-1")
    if sse:
        assert last.startswith(b'data: {"error":{')
    else:
        assert "error" in orjson.loads(first + last)[-1]
