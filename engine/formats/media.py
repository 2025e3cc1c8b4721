"""Media within conversations: data URLs (RFC 2397) and MIME types."""

from __future__ import annotations

import re

_DATA = re.compile(r"data:([A-Za-z0-9.+-]+/[A-Za-z0-9.+-]+)?((?:;[A-Za-z0-9._-]+=[^;,]*)*)(;base64)?,", re.IGNORECASE)

# OpenAI's words of `input_audio.format`.
_AUDIO = {
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "opus": "audio/opus",
    "ogg": "audio/ogg",
    "aac": "audio/aac",
}
_AUDIO_FORMATS = {mime: word for word, mime in _AUDIO.items()} | {"audio/mp3": "mp3", "audio/x-wav": "wav", "audio/wave": "wav"}
_BY_ENDING = {
    "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp",
    "heic": "image/heic",
    "pdf": "application/pdf", "txt": "text/plain", "md": "text/markdown", "csv": "text/csv", "html": "text/html",
    "json": "application/json", "mp4": "video/mp4", "webm": "video/webm", "mov": "video/quicktime", **_AUDIO,
}  # fmt: skip


def read_data_url(url: str) -> tuple[str, str] | None:
    """(MIME type, base64) of a base64 data URL; None for any other URL."""
    match = _DATA.match(url)
    if match is None or not match[3]:
        return None
    return (match[1] or "text/plain").lower(), url[match.end() :]


def is_data_url(url: str) -> bool:
    return url[:5].lower() == "data:"


def data_url(mime: str, data: str) -> str:
    return f"data:{mime};base64,{data}"


def audio_mime(word: str) -> str:
    return _AUDIO.get(word.lower(), f"audio/{word.lower()}")


def audio_format(mime: str) -> str:
    """OpenAI's word for it: `mp3` or `wav`, or the subtype."""
    return _AUDIO_FORMATS.get(mime, mime.partition("/")[2])


def mime_of(name: str, default: str = "") -> str:
    """By the ending of a file's name or a URL's path."""
    path = name.partition("?")[0].partition("#")[0]
    return _BY_ENDING.get(path.rpartition(".")[2].lower(), default)
