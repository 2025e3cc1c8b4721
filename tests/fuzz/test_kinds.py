"""What else reads bytes of others, under fuzz: answers, chunked bodies, events, taps, documents. Each beside another reader
of the same (h11, the words of the WHATWG, the standard library's json), whole and cut; nothing but a Fault is raised."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fuzz.answers import ANSWER
from tests.fuzz.by_hand import KINDS, main
from tests.fuzz.campaign import Kind, run_cases
from tests.fuzz.chunks import CHUNKS
from tests.fuzz.documents import DOCUMENTS
from tests.fuzz.events import SSE, Standard
from tests.fuzz.taps import TAPS


@pytest.mark.parametrize(
    ("kind", "runs", "often", "least"),
    [
        (ANSWER, 15_000, ("reusable", "whole", "upstream_protocol"), 6),
        (CHUNKS, 10_000, ("ended", "more", "bad_request"), 4),
        (SSE, 15_000, ("0", "1", "2"), 6),
        (TAPS, 3_000, ("openai_chat", "openai_responses", "anthropic_messages", "gemini_generate"), 4),
        (DOCUMENTS, 10_000, ("asked", "invalid_json"), 3),
    ],
    ids=lambda value: value.name if isinstance(value, Kind) else "",
)
def test_readers_agree_f08_f12_f20_f39(kind: Kind, runs: int, often: tuple[str, ...], least: int, measured: Any) -> None:
    """I3, I4, I7; F-08, F-12, F-20, F-39."""
    ends = run_cases(kind, runs)
    assert ends.total() == runs
    # A fuzz that always ends the same looks at little.
    assert len(ends) >= least, ends
    assert all(ends[end] > runs / 12 for end in often), ends
    measured(f"fuzzed cases ({kind.name})", ends.total())


def test_the_standards_own_example() -> None:
    """From WHATWG HTML section 9.2.6: two events with an id that is set and taken back, and one that no line ends."""
    stream = b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event"
    assert [(event.data, event.id) for event in Standard().read(stream)] == [("first event", "1"), ("second event", "")]
    assert [event.data for event in Standard().read(b"data\n\ndata\ndata\n\ndata:")] == ["", "\n"]


@pytest.mark.parametrize("name", sorted(KINDS))
def test_a_run_by_hand(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--runs", "20", "--seed", "5"]) == 0
    assert main([name, "--only", "7", "--seed", "5"]) == 0
    said = capsys.readouterr().out
    assert f"{name} --seed 5" in said
    assert "20 cases, 0 finds" in said
