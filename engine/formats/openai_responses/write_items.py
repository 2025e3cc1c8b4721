"""OpenAI Responses: the conversation, as items for a provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.chat import Call, Media, Refusal, Result, Text, Thinking
from engine.faults import Fault
from engine.formats.media import data_url
from engine.formats.openai_responses.words import NAME
from engine.formats.tool_names import call_id, tool_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.chat import ChatRequest, Message
    from engine.formats.losses import Losses

Item = dict[str, Any]


def write_items(chat: ChatRequest, losses: Losses) -> list[Item]:
    """Raises Fault("unsupported") for media that the format has no word for."""
    out: list[Item] = []
    custom: set[str] = set()  # ids of calls with free text, whose results are of another kind
    for message in chat.messages:
        custom.update(piece.id for piece in message.pieces if isinstance(piece, Call) and piece.custom)
        if message.role == "assistant":
            out += _write_assistant(message, losses)
        else:
            out += _write_user(message, custom)
    return out


def system_items(system: Iterable[Text]) -> list[Item]:
    return [_message("system", [{"type": "input_text", "text": text.text}]) for text in system if text.text]


def is_own(thought: Thinking) -> bool:
    return thought.seal is not None and thought.seal.issuer == NAME


def _message(role: str, content: list[Item]) -> Item:
    return {"type": "message", "role": role, "content": content}


def _write_user(message: Message, custom: set[str]) -> list[Item]:
    role = message.role if not message.developer else "developer"
    out = [_write_result(piece, custom) for piece in message.pieces if isinstance(piece, Result)]
    content = [_write_part(piece) for piece in message.pieces if isinstance(piece, (Text, Media, Refusal))]
    return [*out, _message(role, content)] if content else out


def _write_assistant(message: Message, losses: Losses) -> list[Item]:
    """Items in order; what is said in a row is one message."""
    out: list[Item] = []
    for piece in message.pieces:
        match piece:
            case Text() | Refusal():
                _say(out, piece)
            case Call():
                out.append(_write_call(piece))
            case Media():
                # Only a user can show something.
                out.append(_message("user", [_write_part(piece)]))
            case Thinking():
                if piece.seal is None or not is_own(piece):
                    losses.note("thinking")
                else:
                    out.append(_write_thought(piece, piece.seal.value))
    while out and out[-1]["type"] == "reasoning":
        out.pop()  # thoughts without what they led to are refused
    return out


def _say(out: list[Item], piece: Text | Refusal) -> None:
    if not piece.text:
        return
    part: Item = {"type": "refusal", "refusal": piece.text}
    if isinstance(piece, Text):
        part = {"type": "output_text", "text": piece.text, "annotations": []}
    if out and out[-1].get("role") == "assistant":
        out[-1]["content"].append(part)
    else:
        out.append(_message("assistant", [part]))


def _write_call(call: Call) -> Item:
    known = {"call_id": call_id(call.id, NAME), "name": tool_name(call.name, NAME)}
    if call.custom:
        return {"type": "custom_tool_call", **known, "input": call.arguments}
    return {"type": "function_call", **known, "arguments": call.arguments or "{}"}


def _write_thought(thought: Thinking, value: str) -> Item:
    """Ids of other makes are refused."""
    known = {"id": thought.id} if thought.id.startswith("rs_") else {}
    summary = [{"type": "summary_text", "text": thought.text}] if thought.text else []
    return {"type": "reasoning", **known, "summary": summary, "encrypted_content": value}


def _write_result(result: Result, custom: set[str]) -> Item:
    """Text as a string, which every host understands; a list where there is more than that."""
    kind = "custom_tool_call_output" if result.id in custom else "function_call_output"
    told: str | list[Item] = "\n".join(piece.text for piece in result.pieces if isinstance(piece, Text))
    told = f"Error: {told}" if result.is_error else told
    if any(isinstance(piece, Media) for piece in result.pieces):
        error: list[Item] = [{"type": "input_text", "text": "Error: "}] if result.is_error else []
        told = error + [_write_part(piece) for piece in result.pieces]
    return {"type": kind, "call_id": call_id(result.id, NAME), "output": told}


def _write_part(piece: Text | Media | Refusal) -> Item:
    if not isinstance(piece, Media):
        return {"type": "input_text", "text": piece.text}
    if piece.kind == "image" and (piece.url or piece.data):
        url = piece.url or data_url(piece.mime or "image/png", piece.data)
        return {"type": "input_image", "image_url": url, "detail": piece.detail or "auto"}
    if piece.kind == "file" and piece.url:
        return {"type": "input_file", "file_url": piece.url}
    if piece.kind == "file" and piece.data:
        name = piece.name or "file." + (piece.mime.rpartition("/")[2] or "pdf")
        return {"type": "input_file", "filename": name, "file_data": data_url(piece.mime or "application/pdf", piece.data)}
    raise Fault("unsupported", f"{piece.kind}: this provider does not take it", param=piece.kind)
