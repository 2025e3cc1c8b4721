"""OpenAI Chat Completions: a whole answer for a client, written from the neutral shape.

Thoughts have no field in this format. They go where hosts and SDK users expect them: `reasoning_content` for reading, and
`reasoning_details`, which a client that sends the message back as it came returns to us with their signatures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.chat import Call, Media, Native, Refusal, Text, Thinking
from engine.formats.openai_chat.words import FINISH_WORDS, TEXT_SEAL
from engine.formats.seals import id_with

if TYPE_CHECKING:
    from engine.answer import Answer, ChatReply
    from engine.chat import Citation, Piece, Seal, Usage
    from engine.formats.format import Telling


def write_answer(reply: ChatReply, telling: Telling) -> dict[str, Any]:
    """`id` is the provider's where it has this format's form."""
    document: dict[str, Any] = {
        "id": chat_id(reply.id, telling),
        "object": "chat.completion",
        "created": telling.created,
        "model": reply.model or telling.model,
        "choices": [_write_choice(index, answer, telling) for index, answer in enumerate(reply.answers)],
        "usage": write_usage(reply.usage) if reply.usage is not None else None,
    }
    if reply.usage is None:
        del document["usage"]
    if reply.service_tier:
        document["service_tier"] = reply.service_tier
    return document


def chat_id(given: str, telling: Telling) -> str:
    return given if given.startswith("chatcmpl") else f"chatcmpl-{telling.id}"


def _write_choice(index: int, answer: Answer, telling: Telling) -> dict[str, Any]:
    return {
        "index": index,
        "message": _write_message(answer.pieces, telling),
        "logprobs": {"content": answer.logprobs, "refusal": None} if answer.logprobs else None,
        "finish_reason": FINISH_WORDS[answer.finish],
    }


def _write_message(pieces: list[Piece], telling: Telling) -> dict[str, Any]:
    texts = [piece for piece in pieces if isinstance(piece, Text)]
    refusals = [piece.text for piece in pieces if isinstance(piece, Refusal)]
    calls = [write_call(piece) for piece in pieces if isinstance(piece, Call)]
    thoughts = [piece for piece in pieces if isinstance(piece, Thinking)]
    said = "".join(piece.text for piece in texts)
    message: dict[str, Any] = {
        "role": "assistant",
        "content": said if said or not (calls or refusals) else None,
        "refusal": "".join(refusals) or None,
    }
    if calls:
        message["tool_calls"] = calls
    if annotations := [write_citation(citation) for piece in texts for citation in piece.citations]:
        message["annotations"] = annotations
    if thoughts:
        telling.losses.note("reply_thinking")
        message["reasoning_content"] = "".join(piece.text for piece in thoughts)
    details = [write_thought(index, piece) for index, piece in enumerate(thoughts)]
    details += (write_text_seal(len(thoughts), piece.seal) for piece in texts[-1:] if piece.seal is not None)
    if details:
        message["reasoning_details"] = details
    for kind, feature in ((Media, "reply_media"), (Native, "reply_native")):
        if any(isinstance(piece, kind) for piece in pieces):
            telling.losses.note(feature)
    return message


def write_call(call: Call) -> dict[str, Any]:
    name = id_with(call.id, call.seal)
    if call.custom:
        return {"id": name, "type": "custom", "custom": {"name": call.name, "input": call.arguments}}
    return {"id": name, "type": "function", "function": {"name": call.name, "arguments": call.arguments or "{}"}}


def write_thought(index: int, thought: Thinking) -> dict[str, Any]:
    """In OpenRouter's form; `format` is the issuer of the seal, which is written as the issuer gave it."""
    detail: dict[str, Any] = {"type": "reasoning.text", "text": thought.text, "index": index}
    if thought.redacted and thought.seal is not None:
        detail = {"type": "reasoning.encrypted", "data": thought.seal.value, "index": index}
    elif thought.seal is not None:
        detail["signature"] = thought.seal.value
    if thought.seal is not None:
        detail["format"] = thought.seal.issuer
    if thought.id:
        detail["id"] = thought.id
    return detail


def write_text_seal(index: int, seal: Seal) -> dict[str, Any]:
    return {"type": TEXT_SEAL, "index": index, "signature": seal.value, "format": seal.issuer}


def write_citation(citation: Citation) -> dict[str, Any]:
    told = {
        "url": citation.url,
        "title": citation.title,
        "start_index": max(citation.start, 0),
        "end_index": max(citation.end, 0),
    }
    return {"type": "url_citation", "url_citation": told}


def write_usage(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cached, "cache_write_tokens": usage.written, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning, "audio_tokens": 0},
    }
