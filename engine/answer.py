"""A provider's answer in the house's own words: whole, and as the deltas of a stream."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from engine.chat import Result, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.chat import Call, Citation, Media, Native, Piece, Refusal, Seal, Thinking, Usage
    from engine.faults import Fault

# Why an answer ended. `calls`: the client is to run tools. `pause`: a long turn of the provider's own tools, to be sent back.
Finish = Literal["stop", "stop_sequence", "length", "calls", "filter", "pause", "other"]


@dataclass(slots=True)
class Answer:
    """One candidate. `logprobs` is OpenAI's list of token objects, where the provider gave any; `raw` the provider's own word
    for the finish."""

    pieces: list[Piece] = field(default_factory=list)
    finish: Finish = "stop"
    raw: str = ""
    stop_sequence: str = ""
    logprobs: list[Any] = field(default_factory=list)


@dataclass(slots=True)
class ChatReply:
    """`id` and `model` are the provider's, "" when it names none. `fault`: it came with a good status and is no answer."""

    id: str = ""
    model: str = ""
    answers: list[Answer] = field(default_factory=list)
    usage: Usage | None = None
    service_tier: str = ""
    fault: Fault | None = None


@dataclass(slots=True)
class Began:
    """First in every stream, once. `usage` where the provider counts the prompt at once."""

    id: str = ""
    model: str = ""
    usage: Usage | None = None


@dataclass(slots=True)
class Opened:
    """A block begins: `block` counts from 0 in order of appearance, over all answers. `piece` says what kind it is and holds
    what is known at once (a call's id and name, a whole medium); text and arguments come as Grew. The blocks of one
    answer may grow in turns: a writer whose format allows one open block at a time holds the others back."""

    block: int
    piece: Text | Thinking | Call | Refusal | Media | Native
    answer: int = 0


@dataclass(slots=True)
class Grew:
    """`text` is more of the block: of its text, its thoughts, its refusal, or of a call's arguments. `seal` and `citation`
    belong to the block so far, `logprobs` (as in Answer) to this `text`."""

    block: int
    text: str = ""
    seal: Seal | None = None
    citation: Citation | None = None
    logprobs: list[Any] | None = None


@dataclass(slots=True)
class Closed:
    block: int


@dataclass(slots=True)
class Counted:
    """The tokens so far, all together: what is told last counts."""

    usage: Usage


@dataclass(slots=True)
class Ended:
    """One answer is complete; all its blocks are closed."""

    finish: Finish = "stop"
    raw: str = ""
    stop_sequence: str = ""
    answer: int = 0


@dataclass(slots=True)
class Failed:
    """The provider's own error within its stream. Nothing follows."""

    fault: Fault


@dataclass(slots=True)
class Pinged:
    """The provider keeps the connection alive."""


Delta = Began | Opened | Grew | Closed | Counted | Ended | Failed | Pinged


def deltas_of(reply: ChatReply) -> Iterator[Delta]:
    """A whole reply as the deltas of a stream."""
    yield Began(reply.id, reply.model)
    block = 0
    for number, answer in enumerate(reply.answers):
        logprobs = answer.logprobs or None
        for piece in answer.pieces:
            if isinstance(piece, Result):
                continue  # no provider answers with one
            if isinstance(piece, Text) and (piece.citations or logprobs):
                yield from _deltas_of_text(block, piece, number, logprobs)
                logprobs = None  # they are of all that is said: they come with the first of it
            else:
                yield Opened(block, piece, number)
            yield Closed(block)
            block += 1
    if reply.usage is not None:
        yield Counted(reply.usage)
    for number, answer in enumerate(reply.answers):
        yield Ended(answer.finish, answer.raw, answer.stop_sequence, number)


def _deltas_of_text(block: int, piece: Text, number: int, logprobs: list[Any] | None) -> Iterator[Delta]:
    """Writers take citations and log probabilities from what comes, not from how it begins."""
    yield Opened(block, Text(""), number)
    yield Grew(block, piece.text, piece.seal, logprobs=logprobs)
    for citation in piece.citations:
        yield Grew(block, citation=citation)
