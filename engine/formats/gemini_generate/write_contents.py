"""Gemini generateContent: the conversation, as contents for a provider.

Turns of one role in a row are joined; all results of a turn's calls stand in one turn, in the order of the calls.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from engine.chat import Call, Media, Refusal, Result, Text, Thinking
from engine.formats.arguments import arguments_of, is_kept_as_text
from engine.formats.gemini_generate.words import NAME, NO_SIGNATURE, thinks_in_levels
from engine.formats.tool_names import tool_name

if TYPE_CHECKING:
    from engine.chat import ChatRequest, Message, Piece, Seal
    from engine.formats.losses import Losses

Part = dict[str, Any]


def write_contents(chat: ChatRequest, losses: Losses) -> list[Part]:
    out: list[Part] = []
    order: dict[str, int] = {}  # of the calls, by id
    names: dict[str, str] = {}
    for message in chat.messages:
        for piece in message.pieces:
            if isinstance(piece, Call):
                order[piece.id], names[piece.id] = len(order), piece.name
        role = "model" if message.role == "assistant" else "user"
        parts = _write_message(message, order, names, losses, needs_signatures=thinks_in_levels(chat.model))
        if not parts:
            continue
        if out and out[-1]["role"] == role:
            out[-1]["parts"] += parts
        else:
            out.append({"role": role, "parts": parts})
    return out


def _write_message(
    message: Message, order: dict[str, int], names: dict[str, str], losses: Losses, *, needs_signatures: bool
) -> list[Part]:
    results = [piece for piece in message.pieces if isinstance(piece, Result)]
    results.sort(key=lambda result: order.get(result.id, len(order)))
    parts = [_write_result(result, names) for result in results]
    parts += (write_media(piece) for result in results for piece in result.pieces if isinstance(piece, Media))
    called = False
    for piece in _sealed(message.pieces):
        if isinstance(piece, Call):
            parts.append(_write_call(piece, losses, needs_signature=needs_signatures and not called))
            called = True
        else:
            parts += _write_piece(piece, losses)
    return parts


def _sealed(pieces: list[Piece]) -> list[Piece]:
    """Formats that have no place for the signature of a call or of a text bring it back in a thought without words, before the
    call or behind the text: here it is where it belongs again."""
    out: list[Piece] = []
    for piece, after in zip(pieces, [*pieces[1:], None], strict=False):
        seal, last = _carried(piece), out[-1] if out else None
        if seal is None:
            out.append(piece)
        elif isinstance(after, Call) and after.seal is None:
            out.append(piece)  # until the call comes
        elif isinstance(last, Text) and last.seal is None:
            out[-1] = replace(last, seal=seal)
        else:
            out.append(Text("", seal=seal))
        if isinstance(piece, Call) and last is not None and (carried := _carried(last)) is not None and piece.seal is None:
            out[-2:] = [replace(piece, seal=carried)]
    return out


def _carried(piece: Piece) -> Seal | None:
    """The signature of a thought that is nothing but one."""
    if isinstance(piece, Thinking) and not piece.text and piece.seal is not None and piece.seal.issuer == NAME:
        return piece.seal
    return None


def _write_piece(piece: Piece, losses: Losses) -> list[Part]:
    match piece:
        case Text():
            part = _signed({"text": piece.text}, piece.seal)
            return [part] if piece.text or "thoughtSignature" in part else []
        case Refusal():
            return [{"text": piece.text}] if piece.text else []
        case Media():
            return [write_media(piece)]
        case Thinking():
            if piece.seal is None or piece.seal.issuer != NAME:
                losses.note("thinking")
                return []
            return [_signed({"text": piece.text, "thought": True}, piece.seal)]
    return []


def _signed(part: Part, seal: Seal | None) -> Part:
    """Only its own signatures: a foreign one would be refused."""
    if seal is not None and seal.issuer == NAME:
        part["thoughtSignature"] = seal.value
    return part


def write_media(media: Media) -> Part:
    if media.url or media.file_id:
        return {"fileData": {**({"mimeType": media.mime} if media.mime else {}), "fileUri": media.url or media.file_id}}
    return {"inlineData": {"mimeType": media.mime or "application/octet-stream", "data": media.data}}


def _write_call(call: Call, losses: Losses, *, needs_signature: bool) -> Part:
    arguments = arguments_of(call)
    if is_kept_as_text(arguments, call):
        losses.note("arguments")
    part = _signed({"functionCall": {"id": call.id, "name": tool_name(call.name, NAME), "args": arguments}}, call.seal)
    if needs_signature and "thoughtSignature" not in part:
        part["thoughtSignature"] = NO_SIGNATURE
    return part


def _write_result(result: Result, names: dict[str, str]) -> Part:
    said = "\n".join(piece.text for piece in result.pieces if isinstance(piece, Text))
    name = tool_name(result.name or names.get(result.id, "tool"), NAME)
    return {"functionResponse": {"id": result.id, "name": name, "response": _response_of(said, result.is_error)}}


def _response_of(said: str, is_error: bool) -> dict[str, Any]:
    if is_error:
        return {"error": said}
    try:
        value = orjson.loads(said)
    except orjson.JSONDecodeError:
        value = None
    return value if isinstance(value, dict) else {"output": said}
