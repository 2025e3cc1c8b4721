"""Formats in tests: requests read and written, answers, streams in pieces of any size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from engine.answer import Closed, Counted, Ended, Grew, Opened
from engine.chat import Asked, Call, ChatRequest, Text, Thinking
from engine.formats import FORMATS
from engine.formats.format import Habits, Telling
from engine.formats.losses import Losses
from engine.wire.sse import EventReader

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.answer import ChatReply, Delta


def read(format: str, document: dict[str, Any]) -> ChatRequest:
    return FORMATS[format].read_request(document, Asked("m", bool(document.get("stream")), b"", document))


def write(format: str, chat: ChatRequest, **habits: Any) -> tuple[dict[str, Any], list[str]]:
    """(the document, what was lost)."""
    losses = Losses(format)
    document = FORMATS[format].write_request(chat, losses, Habits(**habits))
    orjson.dumps(document)
    return document, list(losses.noted)


def telling(format: str, chat: ChatRequest | None = None, sse: bool = True) -> Telling:
    return Telling(chat or ChatRequest("m"), "a" * 24, 1700000000, "alias", Losses(format), sse)


def answered(format: str, document: dict[str, Any]) -> ChatReply:
    return FORMATS[format].read_answer(document)


def streamed(format: str, body: bytes, cuts: int = 0) -> list[Delta]:
    """All deltas of a body, in pieces of `cuts` bytes (0: in one)."""
    reader, events = FORMATS[format].stream_reader(), EventReader()
    pieces = [body[at : at + cuts] for at in range(0, len(body), cuts)] if cuts else [body]
    out = [delta for piece in pieces for event in events.feed(piece) for delta in reader.feed(event)]
    return out + reader.end()


def written(format: str, deltas: Iterable[Delta], chat: ChatRequest | None = None, sse: bool = True) -> bytes:
    """A whole stream for a client."""
    writer = FORMATS[format].stream_writer(telling(format, chat, sse))
    return b"".join(map(writer.write, deltas)) + writer.finish()


def chunks(*documents: dict[str, Any], end: bytes = b"") -> bytes:
    """Events as a provider sends them; those with a `type` are named by it."""
    return b"".join(map(_event, documents)) + end


def _event(document: dict[str, Any]) -> bytes:
    name = b"event: %b\n" % document["type"].encode() if "type" in document else b""
    return b"%bdata: %b\n\n" % (name, orjson.dumps(document))


def told(deltas: Iterable[Delta]) -> list[tuple[Any, ...]]:
    """What a stream says, block by block: ("Text", "hi"), ("Call", id, name, arguments), then ("end", finish) and usage."""
    blocks: dict[int, list[Any]] = {}
    ends: list[tuple[Any, ...]] = []
    open_blocks: set[int] = set()
    for delta in deltas:
        if isinstance(delta, Opened):
            assert delta.block == len(blocks), "blocks are numbered in order"
            open_blocks.add(delta.block)
            piece = delta.piece
            first = [piece.id, piece.name] if isinstance(piece, Call) else []
            said = piece.arguments if isinstance(piece, Call) else getattr(piece, "text", "")
            blocks[delta.block] = [type(piece).__name__, *first, said]
        elif isinstance(delta, Grew):
            assert delta.block in open_blocks, "only an open block grows"
            blocks[delta.block][-1] += delta.text
        elif isinstance(delta, Closed):
            open_blocks.remove(delta.block)
        elif isinstance(delta, Ended):
            assert not open_blocks, "blocks are closed before the end"
            ends.append(("end", delta.finish))
        elif isinstance(delta, Counted):
            ends = [end for end in ends if end[0] != "usage"]
            ends.append(("usage", delta.usage.input, delta.usage.output))
    return [*map(tuple, blocks.values()), *sorted(ends)]


def said(pieces: Iterable[Any]) -> list[tuple[Any, ...]]:
    """Pieces in short, for comparing."""
    out: list[tuple[Any, ...]] = []
    for piece in pieces:
        if isinstance(piece, Call):
            out.append(("Call", piece.id, piece.name, piece.arguments))
        elif isinstance(piece, (Text, Thinking)) or hasattr(piece, "text"):
            out.append((type(piece).__name__, piece.text))
        else:
            out.append((type(piece).__name__,))
    return out
