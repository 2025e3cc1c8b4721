"""Gemini generateContent: requests (https://ai.google.dev/api/generate-content).

The model and the wish to stream stand in the path, not in the body: `/v1beta/models/{model}:streamGenerateContent`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from engine.chat import Asked
from engine.formats.document import read_document, wrong

if TYPE_CHECKING:
    from collections.abc import Mapping

_STREAM = "streamGenerateContent"


def peek(body: bytes, captures: Mapping[str, str], query: str, path: str = "") -> Asked:  # noqa: ARG001
    """The model is the route's `{model}`; to stream is asked by the route's `{action}` or by the end of the path.

    Raises Fault("invalid_json" | "invalid_body")."""
    document = read_document(body)
    # The service takes a single object for a list of one, as protobuf's JSON reader does.
    if not isinstance(document.get("contents"), (list, dict)):
        raise wrong("contents", "must be a list" if "contents" in document else "is required")
    stream = captures.get("action", path).endswith(_STREAM)
    return Asked(captures.get("model", ""), stream, body, document)


def rename(asked: Asked, model: str) -> bytes:  # noqa: ARG001
    """The model is in the path: the body stays as it is."""
    return asked.body


def path(asked: Asked, model: str, query: str = "") -> str:
    """Below a base URL that ends in the API's version. Without `alt=sse` the service streams one JSON array."""
    action = _STREAM if asked.stream else "generateContent"
    sse = "?alt=sse" if asked.stream and "alt=sse" in query.split("&") else ""
    return f"/models/{quote(model, safe='')}:{action}{sse}"
