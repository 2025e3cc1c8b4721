"""Gemini generateContent: a whole answer for a client, written from the neutral shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.chat import Call, Media, Native, Refusal, Text, Thinking
from engine.formats.arguments import arguments_of
from engine.formats.gemini_generate.words import FINISH_WORDS, NAME
from engine.formats.seals import carry

if TYPE_CHECKING:
    from engine.answer import Answer, ChatReply
    from engine.chat import Piece, Seal, Usage
    from engine.formats.format import Telling

Part = dict[str, Any]


def write_answer(reply: ChatReply, telling: Telling) -> dict[str, Any]:
    document: dict[str, Any] = {
        "candidates": [_write_candidate(index, answer, telling) for index, answer in enumerate(reply.answers)],
        "modelVersion": reply.model or telling.model,
        "responseId": reply.id or telling.id,
    }
    if reply.usage is not None:
        document["usageMetadata"] = write_usage(reply.usage)
    return document


def _write_candidate(index: int, answer: Answer, telling: Telling) -> dict[str, Any]:
    parts = [part for piece in answer.pieces for part in write_piece(piece, telling)]
    candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "finishReason": FINISH_WORDS[answer.finish]}
    candidate["index"] = index
    if any(isinstance(piece, Text) and piece.citations for piece in answer.pieces):
        telling.losses.note("citations")
    if answer.logprobs:
        telling.losses.note("reply_logprobs")
    return candidate


def write_piece(piece: Piece, telling: Telling) -> list[Part]:
    match piece:
        case Text():
            return [signed({"text": piece.text}, piece.seal)] if piece.text or piece.seal else []
        case Refusal():
            return [{"text": piece.text}] if piece.text else []
        case Thinking():
            return [signed({"text": piece.text, "thought": True}, piece.seal, redacted=piece.redacted)]
        case Call():
            told = {"id": piece.id, "name": piece.name, "args": arguments_of(piece)}
            return [signed({"functionCall": told}, piece.seal)]
        case Media():
            return [{"inlineData": {"mimeType": piece.mime, "data": piece.data}}] if piece.data else []
        case Native():
            telling.losses.note("reply_native")
    return []


def signed(part: Part, seal: Seal | None, *, redacted: bool = False) -> Part:
    if seal is not None:
        part["thoughtSignature"] = carry(seal, NAME, redacted=redacted)
    return part


def write_usage(usage: Usage) -> dict[str, Any]:
    """Answers do not count thoughts; prompts count what was cached."""
    told: dict[str, Any] = {
        "promptTokenCount": usage.input,
        "candidatesTokenCount": max(0, usage.output - usage.reasoning),
        "totalTokenCount": usage.input + usage.output,
    }
    if usage.reasoning:
        told["thoughtsTokenCount"] = usage.reasoning
    if usage.cached:
        told["cachedContentTokenCount"] = usage.cached
    return told
