"""OpenAI Responses: the parts of a message's content or of a tool's output, as a client writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.chat import Citation, Media, Refusal, Text
from engine.formats.demand import a_string, an_object, below, items, maybe, needed
from engine.formats.document import wrong
from engine.formats.media import audio_mime, is_data_url, mime_of, read_data_url
from engine.formats.tolerant import mapping, sequence, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.chat import Piece

_TEXTS = ("input_text", "output_text", "text")
_PDF = "application/pdf"


def read_parts(content: object, where: str) -> list[Piece]:
    """A string, or a list of parts. Raises Fault("invalid_body")."""
    if content is None or content == "":
        return []
    if isinstance(content, str):
        return [Text(content)]
    return [_read_part(an_object(part, at), at) for part, at in items(content, where)]


def _read_part(part: dict[str, Any], where: str) -> Piece:
    kind = needed(part, "type", a_string, where)
    if kind in _TEXTS:
        return Text(needed(part, "text", a_string, where), citations=list(read_citations(part)))
    if kind == "refusal":
        return Refusal(needed(part, "refusal", a_string, where))
    if kind == "input_image":
        return _read_image(part, where)
    if kind == "input_file":
        return _read_file(part, where)
    if kind == "input_audio":
        audio, at = needed(part, "input_audio", an_object, where), below(where, "input_audio")
        return Media("audio", audio_mime(needed(audio, "format", a_string, at)), needed(audio, "data", a_string, at))
    raise wrong(below(where, "type"), "is not known")


def _read_image(part: dict[str, Any], where: str) -> Media:
    detail = maybe(part, "detail", a_string, where) or ""
    detail = "" if detail == "auto" else detail  # which is what saying nothing means
    if file_id := maybe(part, "file_id", a_string, where):
        return Media("image", file_id=file_id, detail=detail)
    url = needed(part, "image_url", a_string, where)
    data = read_data_url(url)
    if data is not None:
        return Media("image", data[0], data[1], detail=detail)
    if is_data_url(url):
        raise wrong(below(where, "image_url"), "must be a base64 data URL")
    return Media("image", mime_of(url), url=url, detail=detail)


def _read_file(part: dict[str, Any], where: str) -> Media:
    name = maybe(part, "filename", a_string, where) or ""
    if file_id := maybe(part, "file_id", a_string, where):
        return Media("file", file_id=file_id, name=name)
    if url := maybe(part, "file_url", a_string, where):
        return Media("file", mime_of(name or url, _PDF), url=url, name=name)
    given = needed(part, "file_data", a_string, where)
    mime, data = read_data_url(given) or (mime_of(name, _PDF), given)
    return Media("file", mime, data, name=name)


def read_citations(part: dict[str, Any]) -> Iterator[Citation]:
    for annotation in map(mapping, sequence(part.get("annotations"))):
        if annotation.get("type") == "url_citation":
            yield read_citation(annotation)


def read_citation(annotation: dict[str, Any]) -> Citation:
    start, end = annotation.get("start_index"), annotation.get("end_index")
    return Citation(
        text(annotation.get("url")),
        text(annotation.get("title")),
        start=start if isinstance(start, int) else -1,
        end=end if isinstance(end, int) else -1,
    )
