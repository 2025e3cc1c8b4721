"""Golden streams: what providers send, as the deltas that it is read as, and converted for the clients of the other formats.

Each file of `streams/` holds the deltas, a line `----`, and the stream's bytes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.answer import Ended, Failed
from engine.chat import ChatRequest
from engine.faults import Fault
from engine.formats import FORMATS
from engine.formats.anthropic_messages import grammar as of_messages
from engine.formats.conversion import Conversion, ConvertedStream
from engine.formats.gemini_generate import grammar as of_gemini
from engine.formats.openai_chat import grammar as of_chat
from engine.formats.openai_responses import grammar as of_responses
from engine.wire.sse import EventReader
from tests.tools.told_deltas import told
from tests.tools.wired import telling

FILES = sorted((Path(__file__).parent / "streams").glob("*/*.txt"))
STREAMS = [pytest.param(path, id=f"{path.parent.name} {path.stem}") for path in FILES]
# For each client of another format; Gemini's get events or one JSON array.
CONVERTED = [
    pytest.param(path, spoken, sse, id=f"{path.parent.name} {path.stem} for {spoken}{'' if sse else ' as an array'}")
    for path in FILES
    for spoken in FORMATS
    for sse in ((True, False) if spoken == "gemini_generate" else (True,))
    if spoken != path.parent.name
]
GRAMMARS: dict[str, Any] = {
    "openai_chat": of_chat.violations,
    "openai_responses": of_responses.violations,
    "anthropic_messages": of_messages.violations,
    "gemini_generate": of_gemini.violations,
}
CUTS = (1, 7, 100)


def test_there_are_enough() -> None:
    assert len(FILES) >= 60
    assert {path.parent.name for path in FILES} == set(FORMATS)


def parts(path: Path) -> tuple[list[str], bytes]:
    deltas, _, body = path.read_bytes().partition(b"\n----\n")
    return deltas.decode().splitlines(), body


@pytest.mark.parametrize("path", STREAMS)
def test_the_deltas_that_a_stream_is_read_as(path: Path) -> None:
    deltas, body = parts(path)
    assert told(path.parent.name, body) == deltas


@pytest.mark.parametrize(("path", "spoken", "sse"), CONVERTED)
def test_converted_it_keeps_the_grammar(path: Path, spoken: str, sse: bool) -> None:
    deltas, body = parts(path)
    out, fault = converted(path.parent.name, spoken, body, len(body), sse)
    for size in CUTS:
        assert converted(path.parent.name, spoken, body, size, sse) == (out, fault)
    assert bool(fault) == any(line.startswith("Failed") for line in deltas)
    counted = any(line.startswith("Counted") for line in deltas)
    if fault:
        check_failed(spoken, out, sse)
    elif spoken == "openai_chat":
        assert of_chat.violations(out, wants_usage=counted) == []
    elif spoken == "gemini_generate":
        # Tokens that the provider never told are not made up.
        told_wrong = [each for each in of_gemini.violations(out, sse) if counted or "usageMetadata" not in each]
        assert told_wrong == []
    else:
        assert GRAMMARS[spoken](out) == []


def check_failed(spoken: str, out: bytes, sse: bool) -> None:
    """The client's own format says so, and there is no good end."""
    if not sse:
        assert b'"error":' in out
        assert out.endswith(b"]")
        return
    reader = FORMATS[spoken].stream_reader()
    read = [delta for event in EventReader().feed(out) for delta in reader.feed(event)]
    assert isinstance(read[-1], Failed)
    assert not any(isinstance(delta, Ended) for delta in read)


def converted(theirs: str, spoken: str, body: bytes, size: int, sse: bool) -> tuple[bytes, str]:
    """(what the client gets, the fault that ended it)."""
    pipe = stream(theirs, spoken, sse)
    out: list[bytes] = []
    try:
        out += (pipe.feed(body[at : at + size]) for at in range(0, len(body), size))
        out.append(pipe.finish())
    except Fault as fault:
        return b"".join([*out, pipe.fail(fault)]), fault.code
    return b"".join(out), ""


def stream(theirs: str, spoken: str, sse: bool) -> ConvertedStream:
    asked = telling(spoken, ChatRequest("m", stream=True), sse)
    return Conversion(FORMATS[spoken], FORMATS[theirs], asked, "warn").stream("req-1")
