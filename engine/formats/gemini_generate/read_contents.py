"""Gemini generateContent: a client's contents, read in full.

Calls and their results may come without ids: calls are numbered in order, and a result without one belongs to the first call of
its name that has none yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from engine.chat import Call, Media, Message, Native, Result, Text, Thinking
from engine.formats.demand import a_boolean, a_string, an_object, below, items, maybe, needed
from engine.formats.document import wrong
from engine.formats.gemini_generate.words import NAME, camelled
from engine.formats.media import mime_of
from engine.formats.seals import opened, opened_thought
from engine.formats.tolerant import text

if TYPE_CHECKING:
    from typing import Literal

    from engine.chat import Piece, Seal


def read_contents(given: object) -> list[Message]:
    """A list of contents, or one. Raises Fault("invalid_body")."""
    if isinstance(given, dict):
        given = [given]
    reader = _Reader()
    out: list[Message] = []
    for content, at in items(given, "contents"):
        message = reader.read(camelled(an_object(content, at)), at)
        if out and _continues(out[-1], message):
            for piece in message.pieces:
                append_piece(out[-1].pieces, piece)
        else:
            out.append(message)
    return out


def _continues(last: Message, message: Message) -> bool:
    """SDKs keep the events of a stream as a content each, and some clients write a content for each result."""
    if message.role != last.role:
        return False
    return message.role == "assistant" or isinstance(last.pieces[-1:] and last.pieces[-1], Result)


def append_piece(pieces: list[Piece], piece: Piece) -> None:
    """Text and thoughts may be cut into parts anywhere; what a signature ends is a piece of its own."""
    last = pieces[-1] if pieces else None
    whole = isinstance(piece, Thinking) and piece.redacted
    if isinstance(last, (Text, Thinking)) and type(last) is type(piece) and not last.seal and not whole:
        last.text += piece.text
        last.seal = piece.seal
    else:
        pieces.append(piece)


class _Reader:
    """What must be remembered from content to content: the calls that wait for their results."""

    def __init__(self) -> None:
        self._calls = 0
        self._waiting: list[Call] = []

    def read(self, content: dict[str, Any], where: str) -> Message:
        role = maybe(content, "role", a_string, where) or "user"
        if role not in ("user", "model", "function", "tool"):
            raise wrong(below(where, "role"), "must be user or model")
        parts, at = content.get("parts"), below(where, "parts")
        listed = [(parts, at)] if isinstance(parts, dict) else items(parts if parts is not None else [], at)
        pieces = [piece for part, place in listed for piece in self._read_part(camelled(an_object(part, place)), place)]
        if role != "model":
            pieces.sort(key=lambda piece: not isinstance(piece, Result))
            return Message("user", pieces)
        joined: list[Piece] = []
        for piece in pieces:
            append_piece(joined, piece)
        return Message("assistant", joined)

    def _read_part(self, part: dict[str, Any], where: str) -> list[Piece]:
        signature = maybe(part, "thoughtSignature", a_string, where)
        seal = opened(signature, NAME) if signature else None
        if part.get("text") is not None:
            said = needed(part, "text", a_string, where)
            if maybe(part, "thought", a_boolean, where):
                return [opened_thought(said, signature or "", NAME)]
            return [Text(said, seal=seal)] if said or seal else []
        if part.get("inlineData") is not None:
            return [read_inline(needed(part, "inlineData", an_object, where), below(where, "inlineData"))]
        if part.get("fileData") is not None:
            return [read_file(needed(part, "fileData", an_object, where), below(where, "fileData"))]
        if part.get("functionCall") is not None:
            return [self._read_call(needed(part, "functionCall", an_object, where), below(where, "functionCall"), seal)]
        if part.get("functionResponse") is not None:
            return [self._read_result(needed(part, "functionResponse", an_object, where), below(where, "functionResponse"))]
        return [Native(NAME, part)] if part else []

    def _read_call(self, told: dict[str, Any], where: str, seal: Seal | None) -> Call:
        self._calls += 1
        arguments = orjson.dumps(maybe(told, "args", an_object, where) or {}).decode()
        known = maybe(told, "id", a_string, where) or f"call_{self._calls}"
        call = Call(known, needed(told, "name", a_string, where), arguments, seal=seal)
        self._waiting.append(call)
        return call

    def _read_result(self, told: dict[str, Any], where: str) -> Result:
        name, given = needed(told, "name", a_string, where), maybe(told, "id", a_string, where)
        call = next((call for call in self._waiting if (call.id == given if given else call.name == name)), None)
        if call is not None:
            self._waiting.remove(call)
        known = given or (call.id if call else f"call_{name}")
        response = maybe(told, "response", an_object, where) or {}
        said, is_error = read_response(response)
        result = Result(known, name, [Text(said)] if said else [], is_error)
        for part, at in items(told.get("parts") or [], below(where, "parts")):
            result.pieces += (piece for piece in self._read_part(camelled(an_object(part, at)), at) if isinstance(piece, Media))
        return result


def read_response(response: dict[str, Any]) -> tuple[str, bool]:
    """(text, is it an error): a lone `output`, `result` or `error` is what is meant; else the object as JSON."""
    if len(response) == 1:
        ((key, value),) = response.items()
        if key in ("output", "result", "error"):
            return value if isinstance(value, str) else orjson.dumps(value).decode(), key == "error"
    return orjson.dumps(response).decode() if response else "", False


def kind_of(mime: str) -> Literal["image", "file", "audio", "video"]:
    family = mime.partition("/")[0]
    return family if family in ("image", "audio", "video") else "file"  # type: ignore[return-value]


def read_inline(told: dict[str, Any], where: str) -> Media:
    told = camelled(told)
    mime = needed(told, "mimeType", a_string, where).lower()
    # The SDK writes the alphabet of URLs, which this service takes and no other.
    data = needed(told, "data", a_string, where).replace("-", "+").replace("_", "/")
    return Media(kind_of(mime), mime, data, name=text(told.get("displayName")))


def read_file(told: dict[str, Any], where: str) -> Media:
    """Files of the service's own are known by their address only there."""
    told = camelled(told)
    uri = needed(told, "fileUri", a_string, where)
    mime = (maybe(told, "mimeType", a_string, where) or mime_of(uri)).lower()
    if "generativelanguage.googleapis.com" in uri or uri.startswith(("files/", "gs://")):
        return Media(kind_of(mime), mime, file_id=uri)
    return Media(kind_of(mime or "image/png"), mime, url=uri)
