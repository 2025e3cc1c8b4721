"""Anthropic Messages: the conversation, as turns of blocks for a provider.

Turns of one role in a row are joined; the results of tools stand first in the turn that answers the calls, all of them in it.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from engine.chat import Call, Media, Refusal, Result, Text, Thinking
from engine.faults import Fault
from engine.formats.anthropic_messages.words import IMAGE_TYPES, NAME, PDF
from engine.formats.arguments import arguments_of, is_kept_as_text
from engine.formats.tool_names import call_id, tool_name

if TYPE_CHECKING:
    from engine.chat import ChatRequest, Piece
    from engine.formats.losses import Losses

Block = dict[str, Any]


def write_messages(chat: ChatRequest, losses: Losses) -> list[Block]:
    """Raises Fault("unsupported") for media that the format has no word for."""
    out: list[Block] = []
    for message in chat.messages:
        role = "assistant" if message.role == "assistant" else "user"
        blocks = [block for piece in message.pieces for block in _write_piece(piece, losses)]
        if not blocks:
            continue  # an empty turn is refused, and says nothing
        if out and out[-1]["role"] == role:
            out[-1]["content"] += blocks
        else:
            out.append({"role": role, "content": blocks})
    for turn in out:
        if turn["role"] == "user":
            turn["content"].sort(key=lambda block: block["type"] != "tool_result")
    return out


def cached(block: Block, mark: str) -> Block:
    """`block` with the mark that the prompt may be cached up to it."""
    if mark:
        block["cache_control"] = {"type": "ephemeral", **({"ttl": mark} if mark != "5m" else {})}
    return block


def loses_thoughts(chat: ChatRequest) -> bool:
    """Does the conversation go on behind tool calls whose thoughts are not there?"""
    if not chat.messages or not any(isinstance(piece, Result) for piece in chat.messages[-1].pieces):
        return False
    last = next((message for message in reversed(chat.messages) if message.role == "assistant"), None)
    return last is not None and not any(_is_own(piece) for piece in last.pieces)


def _is_own(piece: Piece) -> bool:
    return isinstance(piece, Thinking) and piece.seal is not None and piece.seal.issuer == NAME


def _write_piece(piece: Piece, losses: Losses) -> list[Block]:
    """A list, since some pieces come to nothing."""
    match piece:
        case Text() | Refusal():
            return [cached({"type": "text", "text": piece.text}, getattr(piece, "cache", ""))] if piece.text.strip() else []
        case Media():
            return [cached(write_media(piece, losses), piece.cache)]
        case Call():
            return [cached(_write_call(piece, losses), piece.cache)]
        case Result():
            return [cached(_write_result(piece, losses), piece.cache)]
        case Thinking():
            return _write_thinking(piece, losses)
    return []  # a native piece: another provider's own


def write_media(media: Media, losses: Losses) -> Block:
    kind = "image" if media.kind == "image" else "document"
    if media.url:
        source = {"type": "url", "url": media.url}
    elif kind == "image":
        if media.mime not in IMAGE_TYPES:
            losses.note("image_type")
        source = {"type": "base64", "media_type": media.mime, "data": media.data}
    elif media.mime.startswith("text/"):
        source = {"type": "text", "media_type": "text/plain", "data": _plain(media)}
    else:
        if media.mime != PDF:
            losses.note("file_type")
        source = {"type": "base64", "media_type": PDF, "data": media.data}
    return {"type": kind, "source": source, **({"title": media.name} if media.name and kind == "document" else {})}


def _plain(media: Media) -> str:
    try:
        return base64.b64decode(media.data, validate=True).decode()
    except (binascii.Error, ValueError):
        raise Fault("invalid_body", "a text file that is not base64 of UTF-8", param="messages") from None


def _write_call(call: Call, losses: Losses) -> Block:
    arguments = arguments_of(call)
    if is_kept_as_text(arguments, call):
        losses.note("arguments")
    return {"type": "tool_use", "id": call_id(call.id, NAME), "name": tool_name(call.name, NAME), "input": arguments}


def _write_result(result: Result, losses: Losses) -> Block:
    content = [
        {"type": "text", "text": piece.text} if isinstance(piece, Text) else write_media(piece, losses)
        for piece in result.pieces
        if not isinstance(piece, Text) or piece.text
    ]
    block: Block = {"type": "tool_result", "tool_use_id": call_id(result.id, NAME)}
    if len(content) == 1 and content[0]["type"] == "text":
        block["content"] = content[0]["text"]
    elif content:
        block["content"] = content
    if result.is_error:
        block["is_error"] = True
    return block


def _write_thinking(thinking: Thinking, losses: Losses) -> list[Block]:
    """Its own, byte for byte; a foreign signature would be refused."""
    if not _is_own(thinking) or thinking.seal is None:
        losses.note("thinking")
        return []
    if thinking.redacted:
        return [{"type": "redacted_thinking", "data": thinking.seal.value}]
    return [{"type": "thinking", "thinking": thinking.text, "signature": thinking.seal.value}]
