from __future__ import annotations

from engine.answer import Answer, Began, ChatReply, Closed, Counted, Ended, Grew, Opened, deltas_of
from engine.chat import Call, Citation, Result, Seal, Text, Usage


def test_a_whole_reply_is_a_stream_of_whole_blocks() -> None:
    text, call, other, usage = Text("hi"), Call("c1", "f", "{}"), Text("ho"), Usage(input=3, output=2)
    first = Answer([text, call], "calls", "tool_use")
    second = Answer([other], "stop_sequence", "stop_sequence", stop_sequence="END")
    assert list(deltas_of(ChatReply("id", "m", [first, second], usage))) == [
        Began("id", "m"),
        Opened(0, text),
        Closed(0),
        Opened(1, call),
        Closed(1),
        Opened(2, other, 1),
        Closed(2),
        Counted(usage),
        Ended("calls", "tool_use"),
        Ended("stop_sequence", "stop_sequence", "END", 1),
    ]


def test_no_usage_no_count_and_no_answer_no_end() -> None:
    assert list(deltas_of(ChatReply("id", "m"))) == [Began("id", "m")]
    assert list(deltas_of(ChatReply("id", "m", [Answer()]))) == [Began("id", "m"), Ended()]


def test_a_result_is_no_part_of_an_answer() -> None:
    assert list(deltas_of(ChatReply(answers=[Answer([Result("c1"), Text("x")])])))[1] == Opened(0, Text("x"))


def test_citations_and_log_probabilities_come_behind_the_beginning() -> None:
    """Writers take them from there: in a stream they come so, too."""
    site, token = Citation("https://a.example"), {"token": "hi", "logprob": -0.5}
    text = Text("hi", citations=[site], seal=Seal("gemini_generate", "S"))
    deltas = list(deltas_of(ChatReply(answers=[Answer([text, Text("ho")], logprobs=[token])])))
    assert deltas[1:-1] == [
        Opened(0, Text("")),
        Grew(0, "hi", Seal("gemini_generate", "S"), logprobs=[token]),
        Grew(0, citation=site),
        Closed(0),
        Opened(1, Text("ho")),
        Closed(1),
    ]
