"""OpenAI Chat Completions: the conversation, as messages for a provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.chat import Call, Media, Refusal, Result, Text, Thinking
from engine.faults import Fault
from engine.formats.media import audio_format, data_url
from engine.formats.openai_chat.words import NAME
from engine.formats.tool_names import call_id, tool_name

if TYPE_CHECKING:
    from engine.chat import ChatRequest, Message, Piece
    from engine.formats.losses import Losses


def write_messages(chat: ChatRequest, losses: Losses) -> list[dict[str, Any]]:
    """Raises Fault("unsupported") for media that the format has no word for."""
    out: list[dict[str, Any]] = [{"role": "system", "content": text.text} for text in chat.system if text.text]
    for message in chat.messages:
        if message.role == "system":
            out.append(
                _named(message, {"role": "developer" if message.developer else "system", "content": _content(message.pieces)})
            )
        elif message.role == "user":
            out += _write_user(message)
        else:
            out.append(_named(message, _write_assistant(message, losses)))
    return out


def _named(message: Message, written: dict[str, Any]) -> dict[str, Any]:
    return written | {"name": message.name} if message.name else written


def _write_user(message: Message) -> list[dict[str, Any]]:
    """A message for each result, and behind them what else the turn holds: the media of results too, named by their call."""
    results = [piece for piece in message.pieces if isinstance(piece, Result)]
    rest: list[Piece] = []
    for result in results:
        media = [piece for piece in result.pieces if isinstance(piece, Media)]
        if media:
            rest += [Text(f"Media in the result of {call_id(result.id, NAME)}:"), *media]
    rest += [piece for piece in message.pieces if not isinstance(piece, Result)]
    out = [_write_result(result) for result in results]
    if rest or not results:
        out.append(_named(message, {"role": "user", "content": _content(rest)}))
    return out


def _write_result(result: Result) -> dict[str, Any]:
    said = "\n".join(piece.text for piece in result.pieces if isinstance(piece, Text))
    if result.is_error:
        said = f"Error: {said}"
    return {"role": "tool", "tool_call_id": call_id(result.id, NAME), "content": said}


def _write_assistant(message: Message, losses: Losses) -> dict[str, Any]:
    calls = [_write_call(piece) for piece in message.pieces if isinstance(piece, Call)]
    texts = [piece for piece in message.pieces if isinstance(piece, Text) and piece.text]
    refusals = [piece.text for piece in message.pieces if isinstance(piece, Refusal)]
    if any(isinstance(piece, Thinking) for piece in message.pieces):
        losses.note("thinking")
    written: dict[str, Any] = {"role": "assistant", "content": "".join(text.text for text in texts) if texts else None}
    if refusals:
        written["refusal"] = "".join(refusals)
    if calls:
        written["tool_calls"] = calls
    elif not texts and not refusals:
        written["content"] = ""
    return written


def _write_call(call: Call) -> dict[str, Any]:
    name, known = tool_name(call.name, NAME), call_id(call.id, NAME)
    if call.custom:
        return {"id": known, "type": "custom", "custom": {"name": name, "input": call.arguments}}
    return {"id": known, "type": "function", "function": {"name": name, "arguments": call.arguments or "{}"}}


def _content(pieces: list[Piece]) -> str | list[dict[str, Any]]:
    """A lone text as a string, which every host understands."""
    if len(pieces) == 1 and isinstance(pieces[0], Text):
        return pieces[0].text
    return [_write_part(piece) for piece in pieces if isinstance(piece, (Text, Media, Refusal))]


def _write_part(piece: Text | Media | Refusal) -> dict[str, Any]:
    if isinstance(piece, Text):
        return {"type": "text", "text": piece.text}
    if isinstance(piece, Refusal):
        return {"type": "text", "text": piece.text}
    if piece.kind == "image":
        image = {"url": piece.url or data_url(piece.mime or "image/png", piece.data)}
        return {"type": "image_url", "image_url": image | ({"detail": piece.detail} if piece.detail else {})}
    if piece.kind == "audio" and piece.data:
        return {"type": "input_audio", "input_audio": {"data": piece.data, "format": audio_format(piece.mime)}}
    if piece.kind == "file" and piece.data:
        name = piece.name or "file." + (piece.mime.rpartition("/")[2] or "pdf")
        return {"type": "file", "file": {"filename": name, "file_data": data_url(piece.mime or "application/pdf", piece.data)}}
    raise Fault("unsupported", f"a {piece.kind} by URL cannot be sent to this provider", param="messages")
