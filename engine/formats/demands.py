"""What a request asks of a model beyond text, told from the outside: no format is read in full for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.formats.tolerant import mapping, sequence, text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from engine.chat import Asked

NO_DEMANDS: frozenset[str] = frozenset()

# The `type` of a part, in the words of the formats that have one.
_PARTS = {
    "image_url": "image",
    "input_image": "image",
    "image": "image",
    "video_url": "video",
    "input_audio": "audio",
    "audio_url": "audio",
    "file": "file",
    "file_url": "file",
    "input_file": "file",
    "document": "file",
}
_KINDS = ("image", "video", "audio")


def demands_of(asked: Asked) -> frozenset[str]:
    """Words of a model's `can`: streaming, tools, image, video, audio, file. Never raises."""
    return frozenset(_demands(asked.document, asked.stream))


def _demands(document: dict[str, Any], stream: bool) -> Iterator[str]:
    if stream:
        yield "streaming"
    if sequence(document.get("tools")):
        yield "tools"
    for key in ("messages", "input", "contents"):
        for message in map(mapping, sequence(document.get(key))):
            for part in map(mapping, sequence(message.get("content") or message.get("parts"))):
                if word := _PARTS.get(text(part.get("type"))) or _of_gemini(part):
                    yield word


def _of_gemini(part: dict[str, Any]) -> str:
    """Gemini's parts have no type; their media have a MIME type."""
    media = mapping(part.get("inlineData") or part.get("fileData") or part.get("inline_data") or part.get("file_data"))
    if not media:
        return ""
    family = text(media.get("mimeType") or media.get("mime_type")).partition("/")[0]
    return family if family in _KINDS else "file"
