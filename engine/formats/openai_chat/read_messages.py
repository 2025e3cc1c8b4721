"""OpenAI Chat Completions: a client's messages, read in full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.chat import Call, Media, Message, Refusal, Result, Text, Thinking
from engine.formats.demand import a_string, an_object, below, items, maybe, needed
from engine.formats.document import wrong
from engine.formats.media import audio_mime, is_data_url, mime_of, read_data_url
from engine.formats.openai_chat.words import TEXT_SEAL
from engine.formats.seals import id_without, opened
from engine.formats.tolerant import mapping, sequence, text

if TYPE_CHECKING:
    from engine.chat import Piece, Seal


def read_messages(document: dict[str, Any]) -> list[Message]:
    """All messages in order, tool messages joined into the user's turn that they stand for. Raises Fault("invalid_body")."""
    out: list[Message] = []
    names: dict[str, str] = {}  # of the calls so far, by id
    for raw, where in items(document.get("messages"), "messages"):
        message = _read_message(an_object(raw, where), where, names)
        names.update((piece.id, piece.name) for piece in message.pieces if isinstance(piece, Call))
        if out and _continues(out[-1], message):
            out[-1].pieces += message.pieces
        else:
            out.append(message)
    return out


def _continues(last: Message, message: Message) -> bool:
    """Results of one turn come as a message each, and what the user says behind them belongs to the same turn."""
    return message.role == last.role == "user" and isinstance(last.pieces[-1:] and last.pieces[-1], Result)


def _read_message(raw: dict[str, Any], where: str, names: dict[str, str]) -> Message:
    role = needed(raw, "role", a_string, where)
    name = maybe(raw, "name", a_string, where) or ""
    if role in ("system", "developer"):
        return Message("system", _read_content(raw, where), name, developer=role == "developer")
    if role == "user":
        return Message("user", _read_content(raw, where), name)
    if role == "assistant":
        return Message("assistant", _read_assistant(raw, where), name)
    if role == "tool":
        return Message("user", [_read_result(raw, needed(raw, "tool_call_id", a_string, where), where, names)])
    if role == "function":
        return Message("user", [_read_result(raw, _legacy_id(name), where, {_legacy_id(name): name})])
    raise wrong(below(where, "role"), "must be system, developer, user, assistant or tool")


def _read_content(raw: dict[str, Any], where: str) -> list[Piece]:
    content, at = raw.get("content"), below(where, "content")
    if content is None or content == "":
        return []
    if isinstance(content, str):
        return [Text(content)]
    return [_read_part(an_object(part, place), place) for part, place in items(content, at)]


def _read_part(part: dict[str, Any], where: str) -> Piece:
    kind = needed(part, "type", a_string, where)
    if kind == "text":
        return Text(needed(part, "text", a_string, where))
    if kind == "refusal":
        return Refusal(needed(part, "refusal", a_string, where))
    if kind == "image_url":
        return _read_image(part, where)
    if kind == "input_audio":
        audio, at = needed(part, "input_audio", an_object, where), below(where, "input_audio")
        return Media("audio", audio_mime(needed(audio, "format", a_string, at)), needed(audio, "data", a_string, at))
    if kind == "file":
        return _read_file(needed(part, "file", an_object, where), below(where, "file"))
    raise wrong(below(where, "type"), "is not known")


def _read_image(part: dict[str, Any], where: str) -> Media:
    given, at = part.get("image_url"), below(where, "image_url")
    image = {"url": given} if isinstance(given, str) else an_object(given, at)
    url, detail = needed(image, "url", a_string, at), maybe(image, "detail", a_string, at) or ""
    data = read_data_url(url)
    if data is not None:
        return Media("image", data[0], data[1], detail=detail)
    if is_data_url(url):
        raise wrong(below(at, "url"), "must be a base64 data URL")
    return Media("image", mime_of(url), url=url, detail=detail)


def _read_file(file: dict[str, Any], where: str) -> Media:
    name = maybe(file, "filename", a_string, where) or ""
    if file_id := maybe(file, "file_id", a_string, where):
        return Media("file", file_id=file_id, name=name)
    given = needed(file, "file_data", a_string, where)
    mime, data = read_data_url(given) or (mime_of(name, "application/pdf"), given)
    return Media("file", mime, data, name=name)


def _read_assistant(raw: dict[str, Any], where: str) -> list[Piece]:
    """Thoughts first, then what was said, then the calls: the order that this format stands for."""
    said = _read_content(raw, where)
    if (seal := _read_text_seal(raw)) is not None:
        last = said[-1] if said and isinstance(said[-1], Text) else Text("")
        last.seal = seal
        said = said if said and said[-1] is last else [*said, last]
    pieces = _read_thoughts(raw) + said
    if refusal := maybe(raw, "refusal", a_string, where):
        pieces.append(Refusal(refusal))
    if raw.get("tool_calls") is not None:
        pieces += (_read_call(an_object(call, at), at) for call, at in items(raw["tool_calls"], below(where, "tool_calls")))
    if legacy := maybe(raw, "function_call", an_object, where):
        at = below(where, "function_call")
        name = needed(legacy, "name", a_string, at)
        pieces.append(Call(_legacy_id(name), name, maybe(legacy, "arguments", a_string, at) or ""))
    return pieces


def _read_call(call: dict[str, Any], where: str) -> Call:
    name, seal = id_without(needed(call, "id", a_string, where))
    kind = "custom" if call.get("type") == "custom" else "function"
    told, at = needed(call, kind, an_object, where), below(where, kind)
    said = maybe(told, "input" if kind == "custom" else "arguments", a_string, at) or ""
    return Call(name, needed(told, "name", a_string, at), said, custom=kind == "custom", seal=seal)


def _read_thoughts(raw: dict[str, Any]) -> list[Piece]:
    """`reasoning_details`, as we and others write them beside an answer (see write_answer); nothing is demanded of them."""
    pieces: list[Piece] = []
    for detail in map(mapping, sequence(raw.get("reasoning_details"))):
        if detail.get("type") == TEXT_SEAL:
            continue
        value = text(detail.get("signature")) or text(detail.get("data"))
        issuer = text(detail.get("format"))
        seal = opened(value, issuer) if value and issuer else None
        said = text(detail.get("text")) or text(detail.get("summary"))
        if said or seal:
            pieces.append(Thinking(said, seal, redacted=detail.get("type") == "reasoning.encrypted", id=text(detail.get("id"))))
    if not pieces and (said := text(raw.get("reasoning_content"))):
        pieces.append(Thinking(said))
    return pieces


def _read_text_seal(raw: dict[str, Any]) -> Seal | None:
    """What write_answer says of the text among the thoughts, since a text has no place for its seal."""
    for detail in map(mapping, sequence(raw.get("reasoning_details"))):
        value, issuer = text(detail.get("signature")), text(detail.get("format"))
        if detail.get("type") == TEXT_SEAL and value and issuer:
            return opened(value, issuer)
    return None


def _read_result(raw: dict[str, Any], call_id: str, where: str, names: dict[str, str]) -> Result:
    known, _ = id_without(call_id)
    pieces = [piece for piece in _read_content(raw, where) if isinstance(piece, (Text, Media))]
    return Result(known, names.get(known, ""), pieces)


def _legacy_id(name: str) -> str:
    """`functions` had no ids: one call a turn, known by its name."""
    return f"call_{name}"
