"""Anthropic Messages: a whole answer for a client, written from the neutral shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.chat import Call, Media, Native, Refusal, Text, Thinking
from engine.formats.anthropic_messages.words import NAME, finish_words, refused
from engine.formats.arguments import arguments_of
from engine.formats.seals import carry
from engine.formats.tool_names import call_id

if TYPE_CHECKING:
    from engine.answer import ChatReply
    from engine.chat import Citation, Piece, Usage
    from engine.formats.format import Telling

Block = dict[str, Any]


def write_answer(reply: ChatReply, telling: Telling) -> dict[str, Any]:
    if len(reply.answers) > 1:
        telling.losses.note("reply_answers")
    answer = reply.answers[0] if reply.answers else None
    if answer is not None and answer.logprobs:
        telling.losses.note("reply_logprobs")
    pieces = answer.pieces if answer is not None else []
    finish = answer.finish if answer is not None else "stop"
    if any(isinstance(piece, Refusal) for piece in pieces):
        finish = refused(finish)
    reason, sequence = finish_words(finish, answer.stop_sequence if answer is not None else "")
    return {
        **message_head(reply.id, reply.model, telling),
        "content": [block for piece in pieces for block in write_piece(piece, telling)],
        "stop_reason": reason,
        "stop_sequence": sequence,
        "usage": write_usage(reply.usage),
    }


def message_head(given: str, model: str, telling: Telling) -> Block:
    """The fields that begin a message, whole or streamed; `id` is the provider's where it has this format's form."""
    known = given if given.startswith("msg_") else f"msg_{telling.id}"
    return {"id": known, "type": "message", "role": "assistant", "model": model or telling.model}


def write_piece(piece: Piece, telling: Telling) -> list[Block]:
    """The blocks that a piece is: thoughts sealed at a call stand before it, since a call has no place for them."""
    match piece:
        case Text() | Refusal():
            block: Block = {"type": "text", "text": piece.text}
            if isinstance(piece, Text) and piece.citations:
                telling.losses.note("citations")
                block["citations"] = [write_citation(citation) for citation in piece.citations]
            sealed = piece.seal if isinstance(piece, Text) else None
            said = [block] if piece.text else []
            return [*said, *([_thought("", carry(sealed, NAME))] if sealed else [])]
        case Thinking():
            return [write_thinking(piece)]
        case Call():
            before = [_thought("", carry(piece.seal, NAME))] if piece.seal is not None else []
            call = {"type": "tool_use", "id": call_id(piece.id, NAME), "name": piece.name, "input": arguments_of(piece)}
            return [*before, call]
        case Media():
            telling.losses.note("reply_media")
        case Native():
            telling.losses.note("reply_native")
    return []


def _thought(said: str, signature: str) -> Block:
    return {"type": "thinking", "thinking": said, "signature": signature}


def write_thinking(piece: Thinking) -> Block:
    if piece.redacted and piece.seal is not None:
        return {"type": "redacted_thinking", "data": carry(piece.seal, NAME)}
    return _thought(piece.text, carry(piece.seal, NAME) if piece.seal is not None else "")


def write_citation(citation: Citation) -> Block:
    return {
        "type": "web_search_result_location",
        "url": citation.url,
        "title": citation.title or None,
        "cited_text": citation.quote,
        "encrypted_index": "",
    }


def write_usage(usage: Usage | None) -> Block:
    """`input_tokens` leaves out what came from or went into a cache."""
    if usage is None:
        return {"input_tokens": 0, "output_tokens": 0, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}
    return {
        "input_tokens": max(0, usage.input - usage.cached - usage.written),
        "output_tokens": usage.output,
        "cache_creation_input_tokens": usage.written,
        "cache_read_input_tokens": usage.cached,
    }
