"""Anthropic Messages: a client's messages, read in full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from engine.chat import Call, Media, Message, Native, Result, Text, Thinking
from engine.formats.anthropic_messages.words import NAME, PDF
from engine.formats.demand import a_boolean, a_string, an_object, below, items, maybe, needed
from engine.formats.document import wrong
from engine.formats.media import mime_of
from engine.formats.seals import opened
from engine.formats.tolerant import mapping, text

if TYPE_CHECKING:
    from typing import Literal

    from engine.chat import Piece


def read_messages(document: dict[str, Any]) -> list[Message]:
    """Raises Fault("invalid_body")."""
    names: dict[str, str] = {}  # of the calls so far, by id
    return [_read_message(an_object(raw, at), at, names) for raw, at in items(document.get("messages"), "messages")]


def cache_of(block: dict[str, Any]) -> str:
    """How long a prompt may be cached up to here: "5m", "1h", "" for no mark."""
    control = mapping(block.get("cache_control"))
    return (text(control.get("ttl")) or "5m") if control else ""


def _read_message(raw: dict[str, Any], where: str, names: dict[str, str]) -> Message:
    role = needed(raw, "role", a_string, where)
    if role not in ("user", "assistant", "system"):
        raise wrong(below(where, "role"), "must be user or assistant")
    content, at = raw.get("content"), below(where, "content")
    if content is None:
        raise wrong(at, "is required")
    pieces: list[Piece] = []
    if isinstance(content, str):
        pieces = [Text(content)] if content else []
    else:
        pieces = [_read_block(an_object(block, place), place, names) for block, place in items(content, at)]
    names.update((piece.id, piece.name) for piece in pieces if isinstance(piece, Call))
    return Message(role, pieces)  # type: ignore[arg-type]  # one of the three


def _read_block(block: dict[str, Any], where: str, names: dict[str, str]) -> Piece:
    kind = needed(block, "type", a_string, where)
    if kind == "text":
        return Text(needed(block, "text", a_string, where), cache_of(block))
    if kind == "image":
        return _read_media(block, "image", where)
    if kind == "document":
        return read_document_block(block, where)
    if kind == "tool_use":
        told = orjson.dumps(maybe(block, "input", an_object, where) or {}).decode()
        return Call(needed(block, "id", a_string, where), needed(block, "name", a_string, where), told, cache=cache_of(block))
    if kind == "tool_result":
        return _read_result(block, where, names)
    if kind == "thinking":
        signature = maybe(block, "signature", a_string, where)
        return Thinking(maybe(block, "thinking", a_string, where) or "", opened(signature, NAME) if signature else None)
    if kind == "redacted_thinking":
        return Thinking("", opened(needed(block, "data", a_string, where), NAME), redacted=True)
    return Native(NAME, block)


def _read_media(block: dict[str, Any], kind: Literal["image", "file"], where: str) -> Media:
    source, at = needed(block, "source", an_object, where), below(where, "source")
    word = needed(source, "type", a_string, at)
    media = Media(kind, name=text(block.get("title")), cache=cache_of(block))
    if word == "base64":
        media.mime, media.data = needed(source, "media_type", a_string, at), needed(source, "data", a_string, at)
    elif word == "url":
        media.url = needed(source, "url", a_string, at)
        media.mime = mime_of(media.url, PDF if kind == "file" else "")
    elif word == "file":
        media.file_id = needed(source, "file_id", a_string, at)
    else:
        raise wrong(below(at, "type"), "must be base64, url or file")
    return media


def read_document_block(block: dict[str, Any], where: str) -> Text | Media:
    """A document of plain text is text, with its title as a first line."""
    source = needed(block, "source", an_object, where)
    if source.get("type") == "text":
        said, title = needed(source, "data", a_string, below(where, "source")), text(block.get("title"))
        return Text(f"{title}\n{said}" if title else said, cache_of(block))
    return _read_media(block, "file", where)


def _read_result(block: dict[str, Any], where: str, names: dict[str, str]) -> Result:
    known = needed(block, "tool_use_id", a_string, where)
    result = Result(
        known, names.get(known, ""), is_error=bool(maybe(block, "is_error", a_boolean, where)), cache=cache_of(block)
    )
    content = block.get("content")
    if isinstance(content, str):
        result.pieces = [Text(content)] if content else []
    elif content is not None:
        result.pieces = [_read_inner(an_object(each, at), at) for each, at in items(content, below(where, "content"))]
    return result


def _read_inner(block: dict[str, Any], where: str) -> Text | Media:
    kind = needed(block, "type", a_string, where)
    if kind == "text":
        return Text(needed(block, "text", a_string, where))
    if kind == "image":
        return _read_media(block, "image", where)
    if kind == "document":
        return read_document_block(block, where)
    return Text(orjson.dumps(block).decode())
