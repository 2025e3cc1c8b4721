"""OpenAI Responses: a whole answer for a client, written from the neutral shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.chat import Call, Media, Native, Refusal, Text, Thinking
from engine.formats.openai_responses.words import NAME, REASON_WORDS
from engine.formats.openai_responses.write_echo import write_echo
from engine.formats.seals import carry

if TYPE_CHECKING:
    from engine.answer import Answer, ChatReply, Finish
    from engine.chat import Citation, Piece, Seal, Usage
    from engine.formats.format import Telling

Item = dict[str, Any]


def write_answer(reply: ChatReply, telling: Telling) -> dict[str, Any]:
    if len(reply.answers) > 1:
        telling.losses.note("reply_answers")
    answer = reply.answers[0] if reply.answers else None
    response = response_head(reply.id, reply.model, telling)
    response["usage"] = write_usage(reply.usage)
    if reply.service_tier:
        response["service_tier"] = reply.service_tier
    if answer is not None:
        response["output"] = _write_output(answer, telling)
    return response | ending(answer.finish if answer is not None else "stop")


def response_head(given: str, model: str, telling: Telling) -> dict[str, Any]:
    """A response without output; `id` is the provider's where it has this format's form."""
    return {
        "id": given if given.startswith("resp_") else f"resp_{telling.id}",
        "object": "response",
        "created_at": telling.created,
        "status": "in_progress",
        "error": None,
        "incomplete_details": None,
        "model": model or telling.model,
        "output": [],
        "usage": None,
        **write_echo(telling.chat),
    }


def ending(finish: Finish) -> dict[str, Any]:
    """The members of a response that say how it ended."""
    if finish in REASON_WORDS:
        return {"status": "incomplete", "incomplete_details": {"reason": REASON_WORDS[finish]}}
    return {"status": "completed", "incomplete_details": None}


def _write_output(answer: Answer, telling: Telling) -> list[Item]:
    """Items in order; what is said in a row is one message."""
    out: list[Item] = []
    for piece in answer.pieces:
        _write_piece(out, piece, telling)
    for item in out:
        item["status"] = "completed"
    if out and answer.finish in REASON_WORDS:
        out[-1]["status"] = "incomplete"
    said = (part for item in out if item["type"] == "message" for part in item["content"] if "logprobs" in part)
    first = next(said, None)
    if first is not None:
        first["logprobs"] = answer.logprobs
    return out


def _write_piece(out: list[Item], piece: Piece, telling: Telling) -> None:
    """Appends. State that is sealed at a call or a text stands in a thought beside it, since neither has a place for it."""
    match piece:
        case Text() | Refusal():
            if piece.text:
                _say(out, write_part(piece), telling)
            if isinstance(piece, Text) and piece.seal is not None:
                out.append(write_thought(item_id("rs", len(out), telling), "", piece.seal))
        case Thinking():
            if piece.text or piece.seal:
                out.append(write_thought(item_id("rs", len(out), telling), piece.text, piece.seal, redacted=piece.redacted))
        case Call():
            if piece.seal is not None:
                out.append(write_thought(item_id("rs", len(out), telling), "", piece.seal))
            out.append(write_call(piece, len(out), telling))
        case Media():
            telling.losses.note("reply_media")
        case Native():
            telling.losses.note("reply_native")


def _say(out: list[Item], part: Item, telling: Telling) -> None:
    if not out or out[-1]["type"] != "message":
        out.append(new_message(len(out), telling))
    out[-1]["content"].append(part)


def item_id(kind: str, index: int, telling: Telling) -> str:
    return f"{kind}_{telling.id}{index:02d}"


def new_message(index: int, telling: Telling) -> Item:
    return {
        "id": item_id("msg", index, telling),
        "type": "message",
        "status": "in_progress",
        "role": "assistant",
        "content": [],
    }


def write_part(piece: Text | Refusal) -> Item:
    if isinstance(piece, Refusal):
        return {"type": "refusal", "refusal": piece.text}
    annotations = [write_citation(citation) for citation in piece.citations]
    return {"type": "output_text", "annotations": annotations, "logprobs": [], "text": piece.text}


def write_call(call: Call, index: int, telling: Telling) -> Item:
    if call.custom:
        known = {"id": item_id("ctc", index, telling), "type": "custom_tool_call", "status": "in_progress"}
        return known | {"call_id": call.id, "name": call.name, "input": call.arguments}
    known = {"id": item_id("fc", index, telling), "type": "function_call", "status": "in_progress"}
    return known | {"call_id": call.id, "name": call.name, "arguments": call.arguments or "{}"}


def write_thought(known: str, said: str, seal: Seal | None, *, redacted: bool = False) -> Item:
    item: Item = {"id": known, "type": "reasoning", "status": "in_progress", "summary": []}
    if said:
        item["summary"].append({"type": "summary_text", "text": said})
    if seal is not None:
        item["encrypted_content"] = carry(seal, NAME, redacted=redacted)
    return item


def write_citation(citation: Citation) -> Item:
    return {
        "type": "url_citation",
        "url": citation.url,
        "title": citation.title,
        "start_index": max(citation.start, 0),
        "end_index": max(citation.end, 0),
    }


def write_usage(usage: Usage | None) -> dict[str, Any] | None:
    if usage is None:
        return None
    return {
        "input_tokens": usage.input,
        "input_tokens_details": {"cached_tokens": usage.cached, "cache_write_tokens": usage.written},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.input + usage.output,
    }
