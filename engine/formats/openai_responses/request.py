"""OpenAI Responses: requests (https://platform.openai.com/docs/api-reference/responses/create)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.formats.document import read_asked, wrong
from engine.formats.json_scan import replace_member

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.chat import Asked


def peek(body: bytes, captures: Mapping[str, str], query: str, path: str = "") -> Asked:  # noqa: ARG001
    """`input` may be absent: a stored prompt or an earlier response can stand for it.

    Raises Fault("invalid_json" | "invalid_body")."""
    asked = read_asked(body)
    if not isinstance(asked.document.get("input", ""), (str, list)):
        raise wrong("input", "must be a string or a list")
    return asked


def rename(asked: Asked, model: str) -> bytes:
    return replace_member(asked.body, asked.document, "model", model)


def path(asked: Asked, model: str, query: str = "") -> str:  # noqa: ARG001
    return "/responses"
