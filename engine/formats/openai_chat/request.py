"""OpenAI Chat Completions: requests (https://platform.openai.com/docs/api-reference/chat/create)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.formats.document import need_list, read_asked
from engine.formats.json_scan import replace_member

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.chat import Asked


def peek(body: bytes, captures: Mapping[str, str], query: str, path: str = "") -> Asked:  # noqa: ARG001
    """Raises Fault("invalid_json" | "invalid_body")."""
    asked = read_asked(body)
    if type(asked.document.get("messages")) is not list:
        need_list(asked.document, "messages")  # says what is wrong
    return asked


def rename(asked: Asked, model: str) -> bytes:
    return replace_member(asked.body, asked.document, "model", model)


def path(asked: Asked, model: str, query: str = "") -> str:  # noqa: ARG001
    return "/chat/completions"
